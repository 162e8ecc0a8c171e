//! Where a link may lead: over https, to a public address. Both the link and what its name resolves to are checked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::http::client::is_loopback;

/// IPv4 networks that are not on the public internet, as address and prefix length.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, where clouds keep their metadata.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's metadata and agents, in the midst of public addresses.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved, and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// IPv6 networks within [`PUBLIC_V6`] that are not public, as address and prefix length.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    // Reserved by the IETF for protocols: Teredo, benchmarking, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 leads to any IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3FFF, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// The IPv6 network that all public addresses are in.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Whether an address is on the public internet. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo) never
/// counts as public.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            !NOT_PUBLIC_V4.iter().any(|(network, length)| (bits ^ network.to_bits()) >> (32 - length) == 0)
        }
        IpAddr::V6(address) => {
            let is_in =
                |(network, length): &(Ipv6Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (128 - length) == 0;
            is_in(&PUBLIC_V6) && !NOT_PUBLIC_V6.iter().any(is_in)
        }
    }
}

/// Which addresses may be connected to.
#[derive(Debug, Clone, Copy)]
pub struct AddressPolicy {
    /// Also allows this machine, on any port and without TLS. For tests.
    pub loopback: bool,
}

impl AddressPolicy {
    fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self.loopback && address.is_loopback())
    }

    /// Parses a link and checks that it may be opened. What its host name resolves to is checked later, by [`Resolve`].
    ///
    /// # Errors
    /// The reason for refusing it, which never repeats the link.
    pub fn check(self, link: &str) -> Result<Url, String> {
        let refuse = |why: &str| Err(why.to_owned());
        let Ok(url) = Url::parse(link) else { return refuse("its link is no address") };
        // The brackets of an IPv6 address do not parse; odd spellings of addresses are set right by the parser.
        let host = url.host_str().unwrap_or_default();
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let is_here = self.loopback && is_loopback(&url);
        if url.scheme() != "https" && !(is_here && url.scheme() == "http") {
            return refuse("its link is not https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("its link holds a user name or password");
        }
        if url.port().is_some() && !is_here {
            return refuse("its link names a port");
        }
        if literal.is_some_and(|address| !self.allows(address)) {
            return refuse(NOT_PUBLIC);
        }
        Ok(url)
    }
}

const NOT_PUBLIC: &str = "its link leads to an address that is not public";

/// The error for a name that resolves to an address which may not be connected to.
#[derive(Debug)]
pub struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(NOT_PUBLIC)
    }
}

impl std::error::Error for NotPublic {}

/// Resolves a name for each connection, and only to addresses that were checked, so that a name which is public now and
/// private at the next lookup does not get through. A name with one forbidden address among others is refused.
impl Resolve for AddressPolicy {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !policy.allows(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_public_are_told() {
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2003::1",
        ];
        for (addresses, expected) in [(&private[..], false), (&public[..], true)] {
            for address in addresses {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    #[test]
    fn links_that_may_not_be_opened_are_refused() {
        let strict = AddressPolicy { loopback: false };
        for link in [
            "not a link",
            "",
            "file:///etc/passwd",
            "ftp://8.8.8.8/a",
            "http://audio.example/a.mp3",
            "data:audio/mpeg,1",
            "https://user@audio.example/",
            "https://:secret@audio.example/",
            "https://audio.example:8443/a",
            "https://127.0.0.1/a",
            "https://0x7f.1/a",
            "https://2130706433/a",
            "https://017700000001/a",
            "https://127.1/a",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/a",
            "https://[::ffff:169.254.169.254]/a",
            "https://[64:ff9b::a9fe:a9fe]/a",
            "https://[fd00:ec2::254]/a",
            "https://１２７.0.0.1/a",
            "https://0/a",
        ] {
            assert!(strict.check(link).is_err(), "{link}");
        }
        for link in ["https://audio.example/a.mp3?sig=1", "https://audio.example:443/a", "https://8.8.8.8/a"] {
            assert!(strict.check(link).is_ok(), "{link}");
        }
        let test = AddressPolicy { loopback: true };
        for link in ["http://127.0.0.1:8080/a", "http://localhost:1/a", "http://[::1]:1/a", "https://127.0.0.1:1/a"] {
            assert!(test.check(link).is_ok(), "{link}");
        }
        for link in
            ["http://audio.example/a", "http://10.0.0.1/a", "https://audio.example:8443/a", "http://u@127.0.0.1/"]
        {
            assert!(test.check(link).is_err(), "{link}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused() {
        let resolve = |loopback| AddressPolicy { loopback }.resolve("localhost".parse().unwrap());
        let Err(error) = resolve(false).await else { panic!("localhost is not public") };
        assert!(error.is::<NotPublic>(), "{error}");
        assert!(resolve(true).await.is_ok_and(|mut found| found.all(|address| address.ip().is_loopback())));
    }
}
