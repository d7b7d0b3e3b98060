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
