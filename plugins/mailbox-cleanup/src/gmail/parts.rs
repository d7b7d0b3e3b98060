//! The parts of an answer to a batch: `multipart/mixed` (RFC 2046, 5.1), each part an HTTP answer of its own.

use std::time::Duration;

/// One answer within an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which request it answers.
    pub(super) id: String,
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: String,
}

/// The parts that can be read; `None` when there are none.
pub(super) fn parts(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = boundary(content_type)?;
    let text = format!("\n{}", std::str::from_utf8(body).ok()?.replace("\r\n", "\n"));
    // Before the first there is nothing; after the last comes the end, whose line goes on with `--`.
    let parts: Vec<_> = text.split(&format!("\n--{boundary}")).skip(1).filter_map(part).collect();
    (!parts.is_empty()).then_some(parts)
}

fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    let named = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let (_, boundary) = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    let boundary = boundary.trim_matches('"');
    (kind.trim().eq_ignore_ascii_case("multipart/mixed") && !boundary.is_empty()).then_some(boundary)
}

fn part(text: &str) -> Option<Part> {
    let (headers, answer) = text.strip_prefix('\n')?.split_once("\n\n")?;
    let id = header(headers, "content-id")?.to_owned();
    let (head, body) = answer.split_once("\n\n").unwrap_or((answer, ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let status = line.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()?;
    let retry_after = header(headers, "retry-after").and_then(|seconds| seconds.parse().ok());
    let retry_after = retry_after.map(|seconds: u64| Duration::from_secs(seconds.min(86_400)));
    Some(Part { id, status, retry_after, body: body.to_owned() })
}

fn header<'h>(headers: &'h str, name: &str) -> Option<&'h str> {
    let known = headers.lines().filter_map(|line| line.split_once(':'));
    known.into_iter().find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Google's guide to batches shows it.
    const ANSWER: &str = "--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-m0>\r\n\r\n\
        HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{\r\n \"id\": \"--batch_x\"\r\n}\r\n\
        --batch_x\r\nContent-Type: application/http\r\ncontent-id: <response-m1>\r\n\r\n\
        HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n\r\n--batch_x--";

    #[test]
    fn the_answers_within_an_answer_are_told_apart() {
        let found = parts("multipart/mixed; boundary=batch_x", ANSWER.as_bytes()).expect("parts");
        let first = Part {
            id: "<response-m0>".into(),
            status: 200,
            retry_after: None,
            body: "{\n \"id\": \"--batch_x\"\n}".into(),
        };
        let retry_after = Some(Duration::from_secs(7));
        let second = Part { id: "<response-m1>".into(), status: 429, retry_after, body: String::new() };
        assert_eq!(found, [first, second]);
    }

    #[test]
    fn what_has_no_parts_is_no_answer() {
        for kind in ["text/html", "multipart/mixed", "multipart/mixed; boundary=", "multipart/mixed; boundary=other"] {
            assert_eq!(parts(kind, ANSWER.as_bytes()), None, "{kind}");
        }
        let kind = "Multipart/Mixed; charset=UTF-8; Boundary=\"batch_x\"";
        assert_eq!(parts(kind, ANSWER.as_bytes()).expect("parts").len(), 2);
        for body in [
            "",
            "--batch_x--",
            "--batch_x\n\nHTTP/1.1 200 OK\n\n{}\n--batch_x--",
            "--batch_x\nContent-ID: <a>\n\nHTTP/2 x",
        ] {
            assert_eq!(parts(kind, body.as_bytes()), None, "{body}");
        }
        assert_eq!(parts(kind, b"--batch_x\xff"), None);
    }
}
