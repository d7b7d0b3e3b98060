//! The `[mluvii]` tables of the configuration, one for each installation.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quietus_plugin::{Span, is_loopback};
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;

use super::error::SettingsError;
use super::left::{self, Accepted};
use super::pointer::Pointer;
use super::template::{DEPARTMENT, FIELD, FROM, ID, LIMIT, OFFSET, TO, Template, VALUE};
use crate::hold::RetainedByLaw;
use crate::keys::{ReadSecret, Secret, SecretRef};
use crate::subject::{InstallationName, Kind, TargetName, Title};

/// How to reach one mluvii installation, and how its API is spelled there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MluviiSettings {
    /// The company's name in sources, session keys and receipts; may be left out where there is one installation only.
    pub(crate) name: InstallationName,
    /// How this mluvii is called on papers.
    pub(crate) title: Option<Title>,
    /// The cloud, or an on-premise installation; a path in it stands before the paths of the requests.
    pub(crate) base_url: String,
    pub(crate) client_id: Option<SecretRef>,
    pub(crate) client_secret: Option<SecretRef>,
    /// Certificates (PEM) that are trusted beside the system's own, for an on-premise installation.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether everything, the client secret first, may be sent unencrypted to another machine.
    pub(crate) allow_plaintext: bool,
    /// The proxy that is connected through; the environment's are never used.
    pub(crate) proxy: Option<String>,
    pub(crate) scope: String,
    /// The longest that one API call may take, a new token and a second try included.
    pub(crate) call_max: Span,
    /// HTTP calls under way at once, over all processes on the ledger.
    pub(crate) concurrency_max: usize,
    /// HTTP calls in a second, over all processes on the ledger; no bound if unset.
    pub(crate) calls_per_s: Option<std::num::NonZeroU32>,
    /// Whether this installation writes a key whose value is null.
    pub(crate) nulls: Nulls,
    pub(crate) look_up_session: String,
    pub(crate) look_up_params: String,
    /// The contact record, read for e-mail and phone where the session has none; off if unset.
    pub(crate) look_up_contact: Option<String>,
    pub(crate) anonymize_session: String,
    pub(crate) anonymize_guest: String,
    /// Which of a guest's ids `anonymize_guest` takes.
    pub(crate) guest_id: GuestIdField,
    /// Lists one session if it is anonymized.
    pub(crate) list_anonymized: String,
    /// Lists one session if it is not anonymized.
    pub(crate) list_not_anonymized: String,
    /// Lists a few sessions, whichever: one of them shows that a 404 of another means that session.
    pub(crate) control_list: String,
    /// Lists the sessions that have ended in a time.
    pub(crate) list_ended: String,
    /// Lists those of them that are not anonymized.
    pub(crate) list_ended_not_anonymized: String,
    /// Between anonymizing and asking whether it is done.
    pub(crate) verify_after: Span,
    /// How long a session may take to show as anonymized before it is anonymized again.
    pub(crate) verify_within: Span,
    /// JSON pointers into the session's reply, `*` for each element: what is not empty there is still there.
    pub(crate) must_be_empty: Vec<String>,
    /// Other personal things, or places, that may be left and do not make a receipt incomplete.
    pub(crate) accept_left: Vec<String>,
    /// Searching mluvii itself for a person; off if unset.
    pub(crate) search: Option<SearchSettings>,
    /// Call params that identify a person, and what they are.
    pub(crate) params: BTreeMap<String, Kind>,
    /// The targets of which a law keeps what they hold of this company's people, by their names: `mluvii` itself, or any other one. They
    /// are never asked to erase anything for this company, and receipts say so.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RetainedByLaw>")]
    pub(crate) retained: BTreeMap<TargetName, RetainedByLaw>,
}

/// How mluvii itself is searched.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchSettings {
    /// Lists the contacts of a department whose field has a value.
    pub(crate) contacts: Option<String>,
    /// The contact record's field for each kind of identifier.
    #[serde(default)]
    pub(crate) fields: BTreeMap<Kind, String>,
    /// Lists the sessions of a guest.
    pub(crate) sessions_of_guest: Option<String>,
}

/// Whether a key whose value is null is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Nulls {
    /// It is: a key that is missing says nothing.
    Explicit,
    /// It is not: a key that is missing is null.
    Omitted,
}

/// Which of a guest's ids is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum GuestIdField {
    Identity,
    TempId,
    TrackedId,
    ChannelIdentity,
}

impl GuestIdField {
    pub(super) const ALL: [Self; 4] = [Self::Identity, Self::TempId, Self::TrackedId, Self::ChannelIdentity];

    /// The key in mluvii's `guest`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::TempId => "tempId",
            Self::TrackedId => "trackedId",
            Self::ChannelIdentity => "channelIdentity",
        }
    }
}

/// The requests, parsed.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    pub(super) look_up_session: Template,
    pub(super) look_up_params: Template,
    pub(super) look_up_contact: Option<Template>,
    pub(super) anonymize_session: Template,
    pub(super) anonymize_guest: Template,
    pub(super) list_anonymized: Template,
    pub(super) list_not_anonymized: Template,
    pub(super) control_list: Template,
    pub(super) list_ended: Template,
    pub(super) list_ended_not_anonymized: Template,
    pub(super) contacts: Option<Template>,
    pub(super) sessions_of_guest: Option<Template>,
}

impl Requests {
    /// What each of them is called in metrics.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let always = [
            &self.look_up_session,
            &self.look_up_params,
            &self.anonymize_session,
            &self.anonymize_guest,
            &self.list_anonymized,
            &self.list_not_anonymized,
            &self.control_list,
            &self.list_ended,
            &self.list_ended_not_anonymized,
        ];
        let maybe = [&self.look_up_contact, &self.contacts, &self.sessions_of_guest];
        always.into_iter().chain(maybe.into_iter().flatten()).map(Template::kind)
    }
}

impl MluviiSettings {
    /// Everything that can be checked of the settings by themselves.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if let Some((name, wrong)) = self.ids_in_params().next() {
            return Err(SettingsError::new("params", format!("`{name}`: {wrong}")));
        }
        let Some(search) = &self.search else { return self.check_contact_fields(None) };
        if search.contacts.is_some() && (search.fields.is_empty() || search.sessions_of_guest.is_none()) {
            let needs = "needs `fields`, such as `{ email = \"email\" }`, and `sessions_of_guest` beside it";
            return Err(SettingsError::new("search.contacts", needs));
        }
        if search.contacts.is_some() && !self.is_private()? {
            let why = "what a person is searched by would be sent in the clear; `base_url` must be https or loopback";
            return Err(SettingsError::new("search.contacts", why));
        }
        self.check_contact_fields(Some(search))
    }

    /// The fields that would make an id of what anybody can type into a form, and what is wrong with each.
    pub(crate) fn ids_in_params(&self) -> impl Iterator<Item = (&str, String)> {
        let ids = self.params.iter().filter(|(_, kind)| kind.is_internal_id());
        ids.map(|(name, kind)| {
            let wrong = format!("`{kind}` is an id that mluvii gives out; what somebody types never becomes one");
            (name.as_str(), wrong)
        })
    }

    fn check_contact_fields(&self, search: Option<&SearchSettings>) -> Result<(), SettingsError> {
        let fields = search.map(|search| &search.fields);
        if let Some(kind) = fields.into_iter().flat_map(BTreeMap::keys).find(|kind| kind.is_internal_id()) {
            return Err(SettingsError::new("search.fields", format!("a `{kind}` cannot be searched by")));
        }
        if self.look_up_contact.is_some() && fields.is_none_or(BTreeMap::is_empty) {
            let needs = "needs `mluvii.search.fields`, such as `{ email = \"email\", phone = \"phone\" }`";
            return Err(SettingsError::new("look_up_contact", needs));
        }
        Ok(())
    }

    /// Whether what is sent to this installation cannot be read on the way.
    fn is_private(&self) -> Result<bool, SettingsError> {
        let base = self.base()?;
        Ok(is_private(&Url::parse(&base).map_err(|_| SettingsError::new("base_url", "not a URL"))?))
    }

    /// The address of the proxy. What goes through it is encrypted beyond it, so that it learns hosts only.
    pub(super) fn proxy(&self) -> Result<Option<Url>, SettingsError> {
        let Some(text) = &self.proxy else { return Ok(None) };
        let wrong = |what| SettingsError::new("proxy", what);
        let url = Url::parse(text).map_err(|_| wrong("not a URL; write `http://host:port`"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("not an http or https URL; write `http://host:port`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("credentials do not belong in it"));
        }
        if !self.base()?.starts_with("https:") {
            return Err(wrong("it would read everything; `base_url` must be https"));
        }
        Ok(Some(url))
    }

    pub(super) fn requests(&self) -> Result<Requests, SettingsError> {
        let search = self.search.as_ref();
        let optional = |key, text: Option<&String>, placeholders| {
            text.map(|text| Template::reading(key, text, placeholders)).transpose()
        };
        let contacts = search.and_then(|search| search.contacts.as_ref());
        let sessions_of_guest = search.and_then(|search| search.sessions_of_guest.as_ref());
        Ok(Requests {
            look_up_session: Template::reading("look_up_session", &self.look_up_session, &[ID])?,
            look_up_params: Template::reading("look_up_params", &self.look_up_params, &[ID])?,
            look_up_contact: optional("look_up_contact", self.look_up_contact.as_ref(), &[ID])?,
            anonymize_session: Template::writing("anonymize_session", &self.anonymize_session)?,
            anonymize_guest: Template::writing("anonymize_guest", &self.anonymize_guest)?,
            list_anonymized: Template::reading("list_anonymized", &self.list_anonymized, &[ID])?,
            list_not_anonymized: Template::reading("list_not_anonymized", &self.list_not_anonymized, &[ID])?,
            control_list: Template::reading("control_list", &self.control_list, &[])?,
            list_ended: Template::reading("list_ended", &self.list_ended, &[FROM, TO, LIMIT, OFFSET])?,
            list_ended_not_anonymized: Template::reading(
                "list_ended_not_anonymized",
                &self.list_ended_not_anonymized,
                &[FROM, TO, LIMIT, OFFSET],
            )?,
            contacts: optional("search.contacts", contacts, contact_placeholders(contacts))?,
            sessions_of_guest: optional("search.sessions_of_guest", sessions_of_guest, &[ID, OFFSET])?,
        })
    }

    pub(super) fn pointers(&self) -> Result<Vec<Pointer>, SettingsError> {
        let parse = |text: &String| Pointer::parse(text).map_err(|wrong| SettingsError::new("must_be_empty", wrong));
        self.must_be_empty.iter().map(parse).collect()
    }

    pub(super) fn accepted(&self) -> Result<Accepted, SettingsError> {
        left::accepted(&self.accept_left, &self.params).map_err(|wrong| SettingsError::new("accept_left", wrong))
    }

    /// The base URL without the slash at its end.
    pub(super) fn base(&self) -> Result<String, SettingsError> {
        // Not even the URL itself is repeated when it holds a password.
        let wrong = |what: &str| {
            SettingsError::new("base_url", format!("{what}; write `https://host` or `https://host/path`, nothing more"))
        };
        let url = Url::parse(&self.base_url).map_err(|_| wrong("not a URL"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("not an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("credentials do not belong in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        if !self.allow_plaintext && !is_private(&url) {
            let why = "the client secret would be sent unencrypted; use https, or set `allow_plaintext`";
            return Err(SettingsError::new("base_url", why));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    pub(super) fn credentials(&self, read: ReadSecret<'_>) -> Result<Credentials, SettingsError> {
        let one = |key, reference: &Option<SecretRef>| {
            let missing = || SettingsError::new(key, "not set; say where it is: { file = … }, { env = … }");
            let secret = read(reference.as_ref().ok_or_else(missing)?);
            let secret = secret.map_err(|e| SettingsError::new(key, e.to_string()))?;
            if secret.expose().is_empty() {
                return Err(SettingsError::new(key, "is empty"));
            }
            Ok(secret)
        };
        Ok(Credentials {
            client_id: one("client_id", &self.client_id)?,
            client_secret: one("client_secret", &self.client_secret)?,
            scope: self.scope.clone(),
        })
    }
}

/// Whether nobody can read what is sent there on its way.
fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url.host_str().unwrap_or_default())
}

/// The contacts of all departments may come from one list.
fn contact_placeholders(template: Option<&String>) -> &'static [&'static str] {
    let of_departments = template.is_some_and(|text| text.contains(DEPARTMENT));
    if of_departments { &[FIELD, VALUE, OFFSET, DEPARTMENT] } else { &[FIELD, VALUE, OFFSET] }
}

/// What a token is asked for with.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) client_id: Secret,
    pub(super) client_secret: Secret,
    pub(super) scope: String,
}
