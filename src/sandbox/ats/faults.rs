//! Faults of writes to an applicant tracking system.

/// A fault of the writes about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtsFault {
    /// 200 with an error in the body, always.
    ErrorIn200,
    /// The write is recorded and answered 204, always.
    NoContent,
    /// 409, always.
    Conflict,
    /// 422, always.
    Unprocessable,
    /// 429 with `Retry-After`, once.
    Limited,
    /// 503, once.
    Unavailable,
    /// An HTML page in the place of JSON, once.
    Page,
    /// No answer until the client hangs up, once.
    Silence,
    /// The write is recorded, and its answer breaks off, once.
    AnswerLost,
    /// 401 as if the token had expired, once.
    TokenEnded,
    /// 429, always.
    OverLimit,
    /// 403, always.
    Refused,
    /// 302 to another host, always.
    Redirect,
    /// The first write about the candidate is answered 404, and searches then find another id.
    Merged,
    /// A search finds somebody whose referrer has the address before the candidate.
    Fuzzy,
    /// A search finds only somebody whose referrer has the address.
    OnlyOthers,
    /// A search finds two candidates with the address.
    Twins,
    /// The candidate is not found, always: a search returns nobody, and a write is answered 404.
    Unknown,
}
