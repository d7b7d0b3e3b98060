//! Addresses that requests may go to.

use ureq::http::Uri;
use ureq::http::uri::Authority;

use crate::is_loopback;

/// A URL that requests may go to.
pub(super) fn address(url: &str, allow_plaintext: bool) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| format!("`{url}` is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("`{url}` is not a URL with a scheme and a host"));
    };
    if authority.as_str().contains('@') {
        return Err("it holds a user or a password; those go into `auth`".into());
    }
    match scheme {
        "https" => Ok(uri),
        "http" if allow_plaintext || is_loopback(authority.host()) => Ok(uri),
        "http" => Err(format!("`{url}` is not encrypted; use https, or set `allow_plaintext`")),
        _ => Err(format!("`{url}` is neither https nor http")),
    }
}

/// Scheme and authority.
pub(super) fn origin(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or("https"), uri.authority().map_or("", Authority::as_str))
}

/// Path and query of a link in what was found at `asked`, a path and a query at an origin; `None` when it leads elsewhere.
pub(super) fn target_of(link: &str, origin: &str, asked: &str) -> Option<String> {
    let link = link.split_once('#').map_or(link, |(link, _)| link);
    let (scheme, _) = origin.split_once("://")?;
    let (path, _) = asked.split_once('?').unwrap_or((asked, ""));
    let names_scheme = link.find([':', '/', '?']).is_some_and(|at| link[at..].starts_with(':'));
    let target = match link {
        _ if link.starts_with("//") => beyond(&format!("{scheme}:{link}"), origin)?,
        _ if names_scheme => beyond(link, origin)?,
        _ if link.starts_with('/') => link.to_owned(),
        _ if link.starts_with('?') => format!("{path}{link}"),
        "" => asked.to_owned(),
        _ => format!("{}{link}", &path[..=path.rfind('/')?]),
    };
    // `//host` would be the address of another host, and `..` leads to who knows where.
    let (path, _) = target.split_once('?').unwrap_or((&target, ""));
    let is_plain = !path.split('/').any(|segment| segment == "." || segment == "..") && !target.contains('\\');
    (target.starts_with('/') && !target.starts_with("//") && is_plain).then_some(target)
}

/// What stands in a whole URL after its host, where that is the origin's.
fn beyond(url: &str, origin: &str) -> Option<String> {
    let (of_link, of_origin): (Uri, Uri) = (url.parse().ok()?, origin.parse().ok()?);
    let is_same = place(&of_link)? == place(&of_origin)?;
    is_same.then(|| of_link.path_and_query().map_or("/", |target| target.as_str()).to_owned())
}

/// Scheme, host and port, however they are written.
fn place(uri: &Uri) -> Option<(String, String, u16)> {
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let port = match (authority.port_u16(), scheme.as_str()) {
        (Some(port), _) => port,
        (None, "https") => 443,
        (None, "http") => 80,
        (None, _) => return None,
    };
    Some((scheme, authority.host().trim_end_matches('.').to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_same_host_however_it_is_written() {
        for (link, expected) in [
            ("https://crm.example/api/c?page=2", Some("/api/c?page=2")),
            ("HTTPS://CRM.Example/api/c?page=2", Some("/api/c?page=2")),
            ("https://crm.example:443/api/c?page=2", Some("/api/c?page=2")),
            ("//crm.example/api/c?page=2", Some("/api/c?page=2")),
            ("//CRM.example:443/api/c", Some("/api/c")),
            ("/api/c?page=2", Some("/api/c?page=2")),
            ("?page=2", Some("/api/c?page=2")),
            ("c?page=2", Some("/api/c?page=2")),
            ("/api/c?next=https://evil.example/", Some("/api/c?next=https://evil.example/")),
            ("?next=https://evil.example/", Some("/api/c?next=https://evil.example/")),
            ("/api/c?page=2#top", Some("/api/c?page=2")),
            ("https://crm.example", Some("/")),
            ("https://crm.example.evil.example/api", None),
            ("https://evil.example/api", None),
            ("//evil.example/api", None),
            ("///evil.example/api", None),
            ("http://crm.example/api", None),
            ("https://crm.example:8443/api", None),
            ("https://ann@crm.example/api", None),
            ("https://crm.example@evil.example/api", None),
            ("https://crm.example\\@evil.example/api", None),
            ("/\\evil.example/api", None),
            ("../secret", None),
            ("/api/../secret", None),
            ("mailto:ann@x.cz", None),
            ("javascript:x", None),
        ] {
            assert_eq!(target_of(link, "https://crm.example", "/api/c?page=1").as_deref(), expected, "{link}");
        }
        assert_eq!(target_of("http://127.0.0.1:80/a", "http://127.0.0.1", "/").as_deref(), Some("/a"));
    }
}
