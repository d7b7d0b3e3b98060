//! A bucket: makes signed requests (AWS Signature Version 4, in the query, by `rusty-s3`).
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use jiff::Timestamp;
use quietus_plugin::http::{Client, Failure, Request, Response, percent};
use quietus_plugin::{Call, PluginError, Secrets, Sensitive};
use rusty_s3::Method;
use rusty_s3::signing::sign;
use url::{Host, Position, Url};

use super::answer;
use crate::config::{S3, Style};

/// How long a signature holds; longer than any call, and no longer than the clocks may differ.
const SIGNED_FOR_S: u64 = 900;

/// A bucket, and who asks.
pub(super) struct Bucket {
    client: Client,
    /// Where it is; its path has no `/` at its end.
    base: Url,
    region: String,
    access_key_id: String,
    secret_access_key: Sensitive,
    session_token: Option<Sensitive>,
}

impl Bucket {
    pub(super) fn make(config: &S3, secrets: &Secrets) -> Result<Self, String> {
        let secret = |key: &str, name: &str| secrets.require(name).cloned().map_err(|e| format!("{key}: {e}"));
        let base = base(config)?;
        let settings = config.client(base[..Position::BeforePath].to_owned());
        let client = Client::new(&settings, secrets).map_err(|e| match e.message.strip_prefix("base_url") {
            Some(rest) => format!("endpoint{rest}"),
            None => e.message,
        })?;
        let token = config.session_token.as_ref().map(|name| secret("session_token", name)).transpose()?;
        Ok(Self {
            client,
            base,
            region: config.region.clone().unwrap_or_else(|| "us-east-1".into()),
            access_key_id: config.access_key_id.clone(),
            secret_access_key: secret("secret_access_key", &config.secret_access_key)?,
            session_token: token,
        })
    }

    /// Asks about the bucket, or about one object of it, by GET.
    pub(super) fn get(&self, key: Option<&str>, query: &[(&str, &str)]) -> Result<Request, PluginError> {
        Ok(Request::get("").at(&self.target(Method::Get, key, query, &[])?).header("Accept", "application/xml"))
    }

    /// Path and query of a signed request. `query` is sorted, and so are `headers`, whose names are in small letters.
    pub(super) fn target(
        &self,
        method: Method,
        key: Option<&str>,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<String, PluginError> {
        self.target_at(Timestamp::now(), method, key, query, headers)
    }

    fn target_at(
        &self,
        now: Timestamp,
        method: Method,
        key: Option<&str>,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<String, PluginError> {
        let key = key.map(|key| format!("/{}", key.split('/').map(percent).collect::<Vec<_>>().join("/")));
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), key.unwrap_or_default());
        let path = if path.is_empty() { "/".into() } else { path };
        let mut url = self.base.clone();
        url.set_path(&path);
        if url.path() != path {
            // It would name another object.
            return Err(PluginError::permanent("a key has a part `.` or `..`, which cannot stand in a URL"));
        }
        let signed = sign(
            &now,
            method,
            url,
            &self.access_key_id,
            self.secret_access_key.expose(),
            self.session_token.as_ref().map(Sensitive::expose),
            &self.region,
            SIGNED_FOR_S,
            query.iter().copied(),
            headers.iter().copied(),
        );
        Ok(signed[Position::BeforePath..].to_owned())
    }

    /// Sends what needs this right; of what is no success, only that a key, a version or an upload is not there comes back.
    pub(super) fn send(&self, request: &Request, right: &str, call: &Call) -> Result<Response, Failure> {
        self.client.send_judged(request, call, |answer| answer::judge_with(answer, right))
    }

    /// Sends, and takes what the function does not refuse.
    pub(super) fn send_judged(
        &self,
        request: &Request,
        call: &Call,
        judge: impl Fn(&Response) -> Result<(), PluginError>,
    ) -> Result<Response, Failure> {
        self.client.send_judged(request, call, judge)
    }
}

fn base(config: &S3) -> Result<Url, String> {
    let mut base: Url = config.endpoint.parse().map_err(|e| format!("endpoint: it is no URL: {e}"))?;
    if !matches!(base.scheme(), "https" | "http") || base.query().is_some() || base.fragment().is_some() {
        return Err("endpoint: it is an http(s) address without a query".into());
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err("endpoint: it holds a user or a password; those go into `access_key_id` and the secrets".into());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let bucket = &config.bucket;
    if !(1..=255).contains(&bucket.len()) || !bucket.chars().all(allowed) || bucket.starts_with('.') {
        return Err("bucket: it is no name of a bucket".into());
    }
    match config.style {
        Style::Path => {
            let path = format!("{}/{bucket}", base.path().trim_end_matches('/'));
            base.set_path(&path);
        }
        Style::VirtualHost => {
            let Some(Host::Domain(domain)) = base.host() else {
                return Err("style: the endpoint is an IP address; use `path`".into());
            };
            let host = format!("{bucket}.{domain}");
            base.set_host(Some(&host))
                .map_err(|_| "bucket: it cannot be part of a host's name; use `style = \"path\"`")?;
        }
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys, host and time are those of Amazon's own example:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>.
    #[test]
    fn requests_are_addressed_and_signed_for_host_time_and_region() {
        let bucket = |style, endpoint: &str| {
            let config = serde_json::json!({
                "endpoint": endpoint, "bucket": "examplebucket", "style": style, "key": "{email}",
                "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "key",
            });
            let secrets = [("key".to_owned(), Sensitive::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))];
            Bucket::make(&serde_json::from_value(config).expect("fits"), &Secrets::new(secrets.into())).expect("made")
        };
        let now = "2013-05-24T00:00:00Z".parse().expect("a time");
        let target = |bucket: &Bucket| {
            bucket.target_at(now, Method::Get, Some("a b/č.txt"), &[("versions", "")], &[]).expect("signed")
        };
        let path = target(&bucket("path", "https://s3.amazonaws.com"));
        let begin = "/examplebucket/a%20b/%C4%8D.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\
                     AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
                     &X-Amz-Expires=900&X-Amz-SignedHeaders=host&versions=&X-Amz-Signature=";
        assert!(path.starts_with(begin), "{path}");
        let virtual_host = target(&bucket("virtual_host", "https://s3.amazonaws.com"));
        assert!(virtual_host.starts_with("/a%20b/%C4%8D.txt?"), "{virtual_host}");
        // Made by botocore 1.44.8 (`S3SigV4QueryAuth`) of the same requests.
        let signature = |target: &str| target.rsplit_once('=').expect("signed").1.to_owned();
        assert_eq!(signature(&path), "99ed9603587ac38e830a6400749d67de39420ff8ef7819c96f4f452cb49eea94");
        assert_eq!(signature(&virtual_host), "edb2a2cf6f8e1e51014af242c5cf9285abfd7440d4cdddefd90f1b32da2aa54c");
        let with_port = target(&bucket("path", "http://127.0.0.1:9000/"));
        assert_eq!(signature(&with_port), "5b0fb5c2fe10b486654fcb96ab7e76eaf5f47e12eb7298154ffee1fb9ae15588");
    }

    #[test]
    fn a_key_that_a_url_would_turn_into_another_is_refused() {
        let config = serde_json::json!({
            "endpoint": "https://s3.amazonaws.com", "bucket": "b", "key": "{email}",
            "access_key_id": "A", "secret_access_key": "key",
        });
        let secrets = Secrets::new([("key".to_owned(), Sensitive::new("x"))].into());
        let bucket = Bucket::make(&serde_json::from_value(config).expect("fits"), &secrets).expect("made");
        for key in ["a/../b", "a/./b", ".."] {
            assert!(bucket.target(Method::Delete, Some(key), &[], &[]).is_err(), "{key}");
        }
        for key in ["a//b", "%2e%2e/b", "a?b#c", "a\\b", "a\nb", "/a", "a..b"] {
            let target = bucket.target(Method::Delete, Some(key), &[], &[]).expect("signed");
            let path = target.split('?').next().expect("a path");
            let decoded = percent_encoding::percent_decode_str(path).decode_utf8().expect("UTF-8");
            assert_eq!(decoded, format!("/b/{key}"));
        }
    }
}
