//! The webhook that a source needs at mluvii.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::event::EventKind;
use crate::keys::{ReadSecret, Secret};
use crate::policy::{Policy, Trigger};
use crate::verify::{AuthSettings, SourceSettings};

/// What a source needs at mluvii.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The addresses that the source takes deliveries by, with their credentials: one for each secret that it accepts. The first
    /// one is registered.
    pub(crate) urls: Vec<Secret>,
    /// The same without credentials, to be shown.
    pub(crate) address: String,
    pub(crate) event_types: Vec<String>,
}

/// Why it cannot be said what a source needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoCallback {
    #[error("`server.public_url` is not set, so that nobody knows what mluvii is to call")]
    NoPublicUrl,
    #[error("`server.public_url` is no http or https address with a host, and without a query and a fragment")]
    BadPublicUrl,
    #[error(
        "mluvii signs nothing and sends no credentials but those in the URL: the source needs `basic` or `query` in its `auth`"
    )]
    NoCredentials,
    #[error("a secret of it cannot be read: {0}")]
    Secret(String),
}

impl NoCallback {
    /// Whether `server.public_url` has to be set, or set right.
    pub(crate) fn is_of_address(&self) -> bool {
        matches!(self, Self::NoPublicUrl | Self::BadPublicUrl)
    }
}

/// Everything but RFC 3986's unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Wanted {
    /// Of a source, and the events that the configuration needs.
    pub(crate) fn of(
        source: &SourceSettings,
        public_url: Option<&str>,
        event_types: Vec<String>,
        read: ReadSecret<'_>,
    ) -> Result<Self, NoCallback> {
        let base = public_url.ok_or(NoCallback::NoPublicUrl)?;
        let address = format!("{}/webhooks/{}", base.trim_end_matches('/'), source.name);
        // Of `https://` alone, what follows would become the host.
        let is_http = |url: &Url| matches!(url.scheme(), "https" | "http") && url.has_host();
        let url = Url::parse(base).ok().filter(is_http).and_then(|_| Url::parse(&address).ok()).filter(is_http);
        let url =
            url.filter(|url| url.query().is_none() && url.fragment().is_none()).ok_or(NoCallback::BadPublicUrl)?;
        let mut urls = Vec::new();
        for auth in &source.auth {
            let secrets = match auth {
                AuthSettings::Basic(basic) => &basic.password,
                AuthSettings::Query(query) => &query.secrets,
                AuthSettings::Hmac(_) | AuthSettings::StandardWebhooks(_) => continue,
            };
            for reference in &secrets.0 {
                let secret = read(reference).map_err(|error| NoCallback::Secret(error.to_string()))?;
                urls.push(with_credentials(&url, auth, &secret));
            }
        }
        if urls.is_empty() {
            return Err(NoCallback::NoCredentials);
        }
        Ok(Self { urls, address: url.to_string(), event_types })
    }
}

/// The events that the rules need. Forms come with personal data, so that they are not asked for where no rule is asked about one.
pub(crate) fn event_types(policy: &Policy) -> Vec<String> {
    let forms = policy.listens(Trigger::FormSubmitted);
    EventKind::ALL.into_iter().filter(|kind| forms || !kind.is_form()).map(|kind| kind.name().to_owned()).collect()
}

fn with_credentials(url: &Url, auth: &AuthSettings, secret: &Secret) -> Secret {
    let encoded = |text: &str| utf8_percent_encode(text, &RESERVED).to_string();
    let url = url.as_str();
    Secret::new(match auth {
        AuthSettings::Basic(basic) => {
            let credentials = format!("://{}:{}@", encoded(&basic.user), encoded(secret.expose()));
            url.replacen("://", &credentials, 1)
        }
        AuthSettings::Query(query) => format!("{url}?{}={}", encoded(&query.parameter), encoded(secret.expose())),
        AuthSettings::Hmac(_) | AuthSettings::StandardWebhooks(_) => url.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(auth: &str) -> SourceSettings {
        toml::from_str(&format!("name = \"acme\"\nauth = [{auth}]")).expect("settings")
    }

    fn wanted(auth: &str, public_url: Option<&str>) -> Result<Wanted, NoCallback> {
        Wanted::of(&source(auth), public_url, Vec::new(), &|_| Ok(Secret::new("pass@wörd/ 1")))
    }

    #[test]
    fn a_url_without_a_host_is_none() {
        let basic = "{ basic = { user = \"mluvii\", password = { env = \"A\" } } }";
        for url in [
            "https://",
            "http:///",
            "https:hooks",
            "ftp://hooks.example",
            "https://hooks.example/?a=b",
            "https://hooks.example/#a",
            "",
        ] {
            let found = wanted(basic, Some(url));
            let is_right = matches!(&found, Ok(wanted) if wanted.address == "https://hooks/webhooks/acme");
            assert!(
                matches!(found, Err(NoCallback::BadPublicUrl)) || url == "https:hooks" && is_right,
                "{url}: {found:?}"
            );
        }
    }

    #[test]
    fn credentials_stand_in_the_url_as_mluvii_reads_them() {
        let basic = "{ basic = { user = \"ml:uvii\", password = [{ env = \"A\" }, { env = \"B\" }] } }";
        let found = wanted(basic, Some("https://hooks.example/base/")).expect("a webhook");
        assert_eq!(found.address, "https://hooks.example/base/webhooks/acme");
        assert_eq!(found.urls.len(), 2, "one for each secret that is accepted");
        let url = Url::parse(found.urls[0].expose()).expect("a URL");
        assert_eq!((url.username(), url.password()), ("ml%3Auvii", Some("pass%40w%C3%B6rd%2F%201")));
        let query = "{ query = { parameter = \"secret\", secrets = { env = \"A\" } } }";
        let found = wanted(query, Some("http://127.0.0.1:8080")).expect("a webhook");
        assert_eq!(found.urls[0].expose(), "http://127.0.0.1:8080/webhooks/acme?secret=pass%40w%C3%B6rd%2F%201");
        assert!(!format!("{found:?}").contains("pass"), "{found:?}");
    }

    #[test]
    fn what_mluvii_cannot_call_is_said() {
        let basic = "{ basic = { user = \"m\", password = { env = \"A\" } } }";
        assert_eq!(wanted(basic, None).err(), Some(NoCallback::NoPublicUrl));
        for wrong in ["hooks.example", "ftp://hooks.example", "https://hooks.example/x?y=1"] {
            assert_eq!(wanted(basic, Some(wrong)).err(), Some(NoCallback::BadPublicUrl), "{wrong}");
        }
        let signed = "{ hmac = { header = \"x-signature\", secrets = { env = \"A\" } } }";
        assert_eq!(wanted(signed, Some("https://hooks.example")).err(), Some(NoCallback::NoCredentials));
    }
}
