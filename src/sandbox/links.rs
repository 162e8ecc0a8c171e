//! Signed links to recordings, which expire.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::http::client::encode_id;

/// How long a link is valid, in seconds, from when the body that contains it is served: the vendor's 24 hours.
pub const LINK_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// Signs links to recordings, and verifies them.
pub struct LinkSigner {
    addr: SocketAddr,
    /// MAC that already contains the key: an answer with a large interview has a dozen links to sign.
    mac: Hmac<Sha256>,
}

impl LinkSigner {
    /// A signer of links to the host at `addr`, with `key`.
    pub fn new(addr: SocketAddr, key: &str) -> Self {
        let mac = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
        Self { addr, mac }
    }

    /// A link to a recording that is valid until `expires`, in Unix seconds.
    pub fn link(&self, interview: &str, question: &str, expires: u64) -> String {
        let path = format!("/audio/{}/{}.mp3", encode_id(interview), encode_id(question));
        let signature = hex::encode(self.sign(interview, question, expires).finalize().into_bytes());
        format!("http://{}{path}?expires={expires}&signature={signature}", self.addr)
    }

    /// Whether the signature of a link is valid for a recording at `now`, in Unix seconds.
    pub fn opens(&self, interview: &str, question: &str, link_signature: &LinkSignature, now: u64) -> bool {
        let signature = hex::decode(&link_signature.signature).unwrap_or_default();
        now <= link_signature.expires
            && self.sign(interview, question, link_signature.expires).verify_slice(&signature).is_ok()
    }

    fn sign(&self, interview: &str, question: &str, expires: u64) -> Hmac<Sha256> {
        // No id of the sample contains a line end, so no two recordings sign the same bytes.
        self.mac.clone().chain_update(format!("{interview}\n{question}\n{expires}"))
    }
}

/// Expiry and signature in the query of a link.
pub struct LinkSignature {
    expires: u64,
    signature: String,
}

/// Reads `expires=…&signature=…` in either order.
pub fn link_signature(query: &str) -> Option<LinkSignature> {
    let value = |name| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    Some(LinkSignature { expires: value("expires")?.parse().ok()?, signature: value("signature")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_its_own_recording_until_it_ends() {
        let links = LinkSigner::new(SocketAddr::from(([127, 0, 0, 1], 9)), "key");
        let link = links.link("a/b", "q 1", 1000);
        let (start, signature) = link.rsplit_once('=').unwrap();
        assert_eq!(start, "http://127.0.0.1:9/audio/a%2Fb/q%201.mp3?expires=1000&signature");
        let link_signature = |expires, signature: &str| LinkSignature { expires, signature: signature.to_owned() };
        assert!(links.opens("a/b", "q 1", &link_signature(1000, signature), 1000));
        assert!(!links.opens("a/b", "q 1", &link_signature(1000, signature), 1001));
        assert!(!links.opens("a/b", "q 1", &link_signature(1001, signature), 1000));
        assert!(!links.opens("a/b", "q 2", &link_signature(1000, signature), 1000));
        assert!(!links.opens("a/b", "q 1", &link_signature(1000, "not hex"), 1000));
        assert!(!links.opens("a/b", "q 1", &link_signature(1000, ""), 1000));
        assert!(!LinkSigner::new(links.addr, "other").opens("a/b", "q 1", &link_signature(1000, signature), 1000));
    }
}
