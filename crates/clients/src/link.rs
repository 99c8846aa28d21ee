//! Whether a link leads somewhere. Links come from whoever may write a rule, so asking them must not become a
//! way into this network: no credentials, no proxy, and no address that is not of the public internet, unless
//! its server is a trusted one. What a name resolves to is looked at, and the very address that was looked at is asked.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{Client, Method, StatusCode, header, redirect};
use url::{Host, Url};

/// Most redirects that are followed.
const MOST: usize = 5;

/// What came of a look at a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// There is a page.
    Alive(u16),
    /// There is none: 404 or 410.
    Dead(u16),
    /// The server wants a login, or lets programs wait: whether there is a page can't be told.
    Closed(u16),
    /// No answer, or one of a server in trouble; in words.
    Unreachable(String),
    /// It was not asked; why, in words.
    NotAsked(String),
}

/// Asks a link once, by HEAD, and by GET where a server does not take that. `trusted` are servers as
/// `scheme://host:port` that may be asked wherever they are.
pub async fn look(link: &str, trusted: &[String], limit: Duration) -> Link {
    let Ok(url) = Url::parse(link) else { return Link::NotAsked("invalid address".into()) };
    match tokio::time::timeout(limit, follow(url, trusted)).await {
        Ok(found) => found,
        Err(_) => Link::Unreachable(format!("no response within {} s", limit.as_secs())),
    }
}

/// A server as `scheme://host:port`.
pub fn server(url: &Url) -> Option<String> {
    Some(format!(
        "{}://{}:{}",
        url.scheme(),
        url.host_str()?.to_ascii_lowercase(),
        url.port_or_known_default()?
    ))
}

async fn follow(mut url: Url, trusted: &[String]) -> Link {
    for _ in 0..=MOST {
        let (status, location) = match step(&url, trusted).await {
            Ok(answer) => answer,
            Err(found) => return found,
        };
        match (status, location) {
            (status, Some(to)) if status.is_redirection() => match url.join(&to) {
                Ok(to) => url = to,
                Err(_) => return Link::Unreachable("redirected to an invalid address".into()),
            },
            (status, _) => return judged(status),
        }
    }
    Link::Unreachable(format!("more than {MOST} redirects"))
}

fn judged(status: StatusCode) -> Link {
    let code = status.as_u16();
    match code {
        404 | 410 => Link::Dead(code),
        401 | 403 | 407 | 429 => Link::Closed(code),
        500.. => Link::Unreachable(format!("the server returned {code}")),
        400.. => Link::Closed(code),
        _ => Link::Alive(code),
    }
}

async fn step(url: &Url, trusted: &[String]) -> Result<(StatusCode, Option<String>), Link> {
    let not_asked = |why: &str| Link::NotAsked(why.to_owned());
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_asked("not an HTTP or HTTPS address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(not_asked("it contains a user or password"));
    }
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return Err(not_asked("it has no host"));
    };
    let known = server(url).is_some_and(|server| trusted.contains(&server));
    let found: Vec<SocketAddr> = match &host {
        Host::Ipv4(ip) => vec![(*ip, port).into()],
        Host::Ipv6(ip) => vec![(*ip, port).into()],
        Host::Domain(name) => match tokio::net::lookup_host((*name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => return Err(Link::Unreachable("the host name is unknown".into())),
        },
    };
    if found.is_empty() {
        return Err(Link::Unreachable("the host name is unknown".into()));
    }
    if !known && !found.iter().all(|address| is_public(address.ip())) {
        return Err(not_asked("its server is on a private network and not configured in the profile"));
    }
    let mut builder = Client::builder()
        .user_agent(concat!("aetherlink-panel/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .no_proxy();
    if let Host::Domain(name) = &host {
        builder = builder.resolve_to_addrs(name, &found);
    }
    let client = builder.build().map_err(|error| Link::Unreachable(crate::error::chain(&error)))?;
    let ask = async |method: Method| {
        let reply = client.request(method, url.clone()).send().await;
        reply.map_err(|error| Link::Unreachable(crate::error::chain(&error.without_url())))
    };
    let mut reply = ask(Method::HEAD).await?;
    // Some servers know only GET, and some answer a HEAD with anything.
    if reply.status().is_client_error() || reply.status() == StatusCode::NOT_IMPLEMENTED {
        reply = ask(Method::GET).await?;
    }
    let location = reply.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    Ok((reply.status(), location.map(str::to_owned)))
}

/// Whether an address is of the public internet: not of this machine, a private network or a special use.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        // Carriers' own, protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(ip) = ip.to_ipv4() {
        // Mapped, compatible, `::` and `::1`.
        return is_public_v4(ip);
    }
    let [a, b, .., g, h] = ip.segments();
    let inside = |high: u16, low: u16| is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match (a, b) {
        // Addresses of the old kind in those of the new one: NAT64, 6to4.
        (0x64, 0xff9b) => inside(g, h),
        (0x2002, _) => inside(b, ip.segments().get(2).copied().unwrap_or_default()),
        (0x2001, 0x0db8) => false,
        // The rest of what was given out: 2000::/3.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_public_internet_is_known() {
        for ip in [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "::ffff:169.254.169.254",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_answer_is_told_apart() {
        let of = |code| judged(StatusCode::from_u16(code).unwrap());
        assert_eq!((of(200), of(404), of(410)), (Link::Alive(200), Link::Dead(404), Link::Dead(410)));
        assert_eq!((of(401), of(403), of(429)), (Link::Closed(401), Link::Closed(403), Link::Closed(429)));
        assert!(matches!(of(503), Link::Unreachable(_)));
    }

    #[tokio::test]
    async fn what_may_not_be_asked_is_not() {
        for (link, why) in [
            ("file:///etc/passwd", "not an HTTP"),
            ("http://user:pw@example.org/", "password"),
            ("http://127.0.0.1:9/", "private network"),
            ("http://2130706433/", "private network"),
            ("http://[::1]/", "private network"),
            ("http://localhost:9/", "private network"),
            ("not an address", "invalid address"),
        ] {
            match look(link, &["http://127.0.0.1:10".into()], Duration::from_secs(5)).await {
                Link::NotAsked(words) => assert!(words.contains(why), "{link}: {words}"),
                other => panic!("{link}: {other:?}"),
            }
        }
    }
}
