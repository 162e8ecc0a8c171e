//! Settings and helpers shared by all HTTP clients of this program: connecting, reading rate limits, and wording errors.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, Url};

use super::pace::Budget;
use super::steady::steady_now;
use crate::model::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Unix seconds in the year 2200. A later reset is no real time and is ignored, so that it cannot overflow one.
const A_FAR_TIME: i64 = 7_258_118_400;

/// The characters to encode in a path segment: all but letters, digits, `-`, `_`, `.` and `~`.
pub const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What the servers of a client are like.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// Whether one of them is on this machine.
    pub(crate) is_here: bool,
    /// Whether one of them is asked without TLS.
    pub(crate) in_clear: bool,
}

impl Reach {
    pub(crate) fn of(url: &Url) -> Self {
        Self { is_here: is_loopback(url), in_clear: url.scheme() == "http" }
    }
}

/// Returns a builder with the settings of every client: no redirects and, for a server on this machine, no proxy, which
/// would see keys. Gzip is asked for, and decoded by [`super::body`].
fn builder(is_here: bool) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(concat!("roundup/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    if is_here { builder.no_proxy() } else { builder }
}

/// Makes a client with the settings of every client and some of its own. One that is not all TLS is also made where
/// there are no certificates of authorities.
///
/// # Errors
/// A usage error when there are none, and the client needs them.
pub(crate) fn client(reach: Reach, settings: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Client> {
    let builder = || settings(builder(reach.is_here));
    let built = match builder().build() {
        Err(error) if reach.in_clear && lacks_authorities(&error) => builder().tls_certs_only([]).build(),
        built => built,
    };
    built.map_err(|error| {
        if lacks_authorities(&error) {
            return no_authorities();
        }
        Error::failed(format!("cannot set up the connection: {}", root_cause(&error)))
    })
}

fn no_authorities() -> Error {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some(format!("{name} ({})", value.display()))
    });
    let named: Vec<String> = named.collect();
    let (whence, hint) = if named.is_empty() {
        let hint = "install the package ca-certificates, or name a file of certificates with SSL_CERT_FILE";
        ("this machine has none".to_owned(), hint)
    } else {
        let hint = "correct or unset it, or install the package ca-certificates";
        (format!("there are none in {}", named.join(" and ")), hint)
    };
    Error::usage(format!("https needs the certificates of authorities (CA), and {whence}")).hint(hint)
}

/// Whether a client could not be made because no certificate of an authority was found. The library has only words for
/// it.
fn lacks_authorities(error: &reqwest::Error) -> bool {
    root_cause(error).contains("No CA certificates")
}

/// Encodes an id as one path segment of a URL. The result holds no slash, so it can be part of a file name too.
#[must_use]
pub fn encode_id(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

/// Whether nobody on the way can read what is sent to a URL, because it is encrypted or stays on this machine.
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Reads the rate limit from an answer's headers. Times are compared with the server's own clock, so that a wrong clock
/// on either side does no harm. A reset is in Unix seconds, or in seconds from now if it is below 1,000,000. Unix seconds
/// are ignored if the server does not send its time.
pub(crate) fn read_budget(headers: &HeaderMap) -> Budget {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let server_time = text("date").and_then(date);
    let until = |time: Timestamp| {
        Duration::try_from(time.duration_since(server_time.unwrap_or_else(Timestamp::now))).unwrap_or_default()
    };
    let retry_after = text("retry-after").and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => date(text).map(until),
    });
    let reset = text("x-ratelimit-reset").and_then(|text| text.parse::<i64>().ok());
    let reset = reset.filter(|seconds| (0..=A_FAR_TIME).contains(seconds));
    let now = server_time.map_or_else(|| steady_now() / 1_000_000, Timestamp::as_second);
    let window_end = reset.and_then(|seconds| match seconds {
        0..1_000_000 => Some(now + seconds),
        _ => server_time.map(|_| seconds),
    });
    Budget {
        limit: text("x-ratelimit-limit").and_then(|text| text.parse().ok()),
        remaining: text("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        window_end,
        server_time: Some(now),
        retry_after,
    }
}

/// Returns the innermost cause of an error, without the URL. The URL is a secret, or it holds an interview's id, which
/// the caller names anyway.
pub fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    if text.ends_with("UnknownIssuer") {
        return "its certificate is from an authority that this machine does not know (SSL_CERT_FILE can name it)"
            .to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_reset_needs_no_clock_of_this_machine() {
        // A server whose clock is years behind.
        let date = "Mon, 01 Jun 2015 00:00:00 GMT";
        for (date, reset, expected) in [
            (Some(date), "20", Some(20)),
            (Some(date), "1433116830", Some(30)),
            (Some(date), "7258118400", Some(5_825_001_600)),
            (Some(date), "7258118401", None),
            (Some(date), "1433116830000", None),
            (Some(date), "30.5", None),
            (None, "20", Some(20)),
            // Whatever this machine's clock shows, it may be wrong.
            (None, "1433116830", None),
        ] {
            let mut headers = HeaderMap::new();
            let all = [("date", date), ("x-ratelimit-reset", Some(reset))];
            for (name, value) in all.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let budget = read_budget(&headers);
            let reset_in = budget.window_end.map(|end| end - budget.server_time.unwrap());
            assert_eq!(reset_in, expected, "{date:?} {reset}");
        }
    }
}
