//! Where somebody goes on after they have signed in, or have chosen a language: only to a page of ours.

/// Of a path and its query.
const BYTES_MAX: usize = 500;

/// Signing in leads to neither of these.
const NEVER: [&str; 3] = ["/sign-in", "/sign-out", "/language"];

/// The path, where it is one of ours; the first page otherwise. What begins with `//` or `/\` is another host to a browser.
pub(super) fn own(text: &str) -> &str {
    let begins = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let leads_back = NEVER.iter().any(|never| text.starts_with(never));
    if begins && is_plain && !leads_back && text.len() <= BYTES_MAX { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for fine in ["/", "/requests", "/requests/acme/2026%2F041?x=1", "/erasures/e-01?every=10"] {
            assert_eq!(own(fine), fine);
        }
        let long = format!("/{}", "a".repeat(BYTES_MAX));
        for wrong in [
            "",
            "requests",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=1",
            "/a b",
            "/á",
            "/requests\\..",
            "/sign-in?next=/",
            "/sign-out",
            "/language/cs",
            &long,
        ] {
            assert_eq!(own(wrong), "/", "{wrong:?}");
        }
    }
}
