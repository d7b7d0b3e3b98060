//! Requests to URLs that an operator has named: no redirect is followed, nothing is taken from the environment, and no URL is shown, as it
//! can be a secret.

use std::path::Path;
use std::time::Duration;

use metrics::{counter, describe_counter};
use quietus_plugin::is_loopback;
use reqwest::{Client, Method, Url};

use crate::http_client::http_client;
use crate::keys::Secret;

/// How long a request may take.
const REQUEST_MAX: Duration = Duration::from_secs(20);

const SENT: &str = "quietus_alerts_sent_total";
const PINGS: &str = "quietus_pings_total";

/// Says what is counted. To be called once the metrics are the process's.
pub(crate) fn describe_sent() {
    describe_counter!(SENT, "Attempts of this process to tell somebody, by alert and outcome.");
    describe_counter!(PINGS, "Attempts of this process to tell `watch.ping` that the deployment works, by outcome.");
}

/// Notes whether somebody was told; so often, which is 0 to have the series there.
pub(crate) fn note_sent(alert: &str, is_accepted: bool, times: u64) {
    counter!(SENT, "alert" => alert.to_owned(), "outcome" => outcome(is_accepted)).increment(times);
}

/// The same of the URL that hears that the deployment works.
pub(crate) fn note_ping(is_accepted: bool, times: u64) {
    counter!(PINGS, "outcome" => outcome(is_accepted)).increment(times);
}

fn outcome(is_accepted: bool) -> &'static str {
    if is_accepted { "accepted" } else { "failed" }
}

/// Sends requests to one URL.
#[derive(Debug)]
pub(crate) struct HttpSender {
    client: Client,
    url: Url,
}

impl HttpSender {
    /// Of what is written; the error names the key and what is wrong, never the URL.
    pub(crate) fn new(
        url: &Secret,
        ca_file: Option<&Path>,
        proxy: Option<&str>,
        allow_plaintext: bool,
    ) -> Result<Self, (&'static str, String)> {
        let wrong = |what: &str| ("url", what.to_owned());
        let url = Url::parse(url.expose()).map_err(|_| wrong("not a URL; write `https://host/path`"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("not an http or https URL"));
        }
        if url.scheme() == "http" && !allow_plaintext && !is_loopback(url.host_str().unwrap_or_default()) {
            return Err(wrong("it would be told unencrypted; use https, or set `allow_plaintext`"));
        }
        // Told seldom: nothing is kept open meanwhile.
        let client = http_client(REQUEST_MAX, proxy, ca_file)?.timeout(REQUEST_MAX).pool_max_idle_per_host(0).build();
        let client = client.map_err(|error| ("url", format!("no HTTP client could be made: {error}")))?;
        Ok(Self { client, url })
    }

    /// Sends a request; any 2xx is good. The error says what was answered, and neither the URL nor the body.
    pub(crate) async fn send(
        &self,
        method: Method,
        headers: &[(String, Secret)],
        body: Option<String>,
    ) -> Result<(), String> {
        let mut request = self.client.request(method, self.url.clone());
        for (name, value) in headers {
            let mut value = reqwest::header::HeaderValue::from_str(value.expose())
                .map_err(|_| format!("the header {name} cannot be sent"))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.map_err(|error| broken(&error).to_owned())?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(format!("answered {status}: a redirect, which is not followed")),
            status => Err(format!("answered {status}")),
        }
    }
}

/// reqwest's own text holds the URL, so it is not used.
fn broken(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_connect() => "no connection",
        _ => "the connection broke",
    }
}
