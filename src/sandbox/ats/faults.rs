//! What can go wrong when something is written to an applicant tracking system.

/// What goes wrong with what is written about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtsFault {
    /// 200, and an error in the answer.
    ErrorIn200,
    /// It is written, and answered 204, always.
    NoContent,
    /// 409.
    Conflict,
    /// 422.
    Unprocessable,
    /// 429 with Retry-After, once.
    Limited,
    /// 503, once.
    Unavailable,
    /// A page where JSON should be, once.
    Page,
    /// Silence until the client hangs up, once.
    Silence,
    /// It is written, and the answer is broken off, once.
    AnswerLost,
    /// 401, once, as if the token had ended.
    TokenEnded,
    /// 429, always.
    OverLimit,
    /// 403, always.
    Refused,
    /// 302 to elsewhere, always.
    Redirect,
    /// Nobody of that e-mail is found; 404 where it is in the address.
    Unknown,
}
