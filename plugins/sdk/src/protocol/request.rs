//! The person that a call is about, and what else it carries.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::resume::ResumeValue;
use crate::Kind;
use crate::identity::{Region, normal_forms};

/// Text that is personal or secret: wiped when dropped, never printed.
///
/// ```
/// use quietus_plugin::Sensitive;
///
/// let token = Sensitive::new("hunter2");
/// assert_eq!(format!("{token:?}"), "[redacted]");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// Takes the text in.
    ///
    /// ```
    /// # use quietus_plugin::Sensitive;
    /// assert_eq!(Sensitive::new(String::from("hunter2")), Sensitive::new("hunter2"));
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; every use of this is a place where it could leak.
    ///
    /// ```
    /// # use quietus_plugin::Sensitive;
    /// let token = Sensitive::new("hunter2");
    /// let header = format!("Bearer {}", token.expose());
    /// assert_eq!(header.len(), 14);
    /// ```
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How far an erasure reaches.
///
/// ```
/// use quietus_plugin::{Request, Scope};
///
/// /// One session is not a reason to delete a person's contact.
/// fn deletes_contacts(request: &Request) -> bool {
///     request.scope != Scope::Session
/// }
/// assert!(deletes_contacts(&[("email", "ann@x.cz")].into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// One session.
    Session,
    /// All sessions of one guest.
    Guest,
    /// Everything of one person.
    Person,
}

/// A kind, such as [`Kind::Email`], and a value.
///
/// ```
/// use quietus_plugin::{Identifier, Kind};
///
/// let identifier: Identifier = serde_json::from_str(r#"{ "kind": "phone", "value": "+420 777 123 456" }"#)?;
/// assert_eq!(identifier.kind, Kind::Phone);
/// assert!(!format!("{identifier:?}").contains("777"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// What it is.
    pub kind: Kind,
    /// As the person wrote it: anything at all may stand here.
    pub value: Sensitive,
}

/// Where the outcome of a call is reported that was answered [`Outcome::Accepted`](crate::Outcome::Accepted): by a POST
/// of an [`Answer`](crate::Answer) as JSON, with `Authorization: Bearer` and the token.
///
/// ```
/// use quietus_plugin::{ReportTo, Sensitive};
///
/// let report = ReportTo { url: "https://quietus.example/v1/reports/e-1/crm".into(), token: Sensitive::new("hunter2") };
/// assert!(!format!("{report:?}").contains("hunter2"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportTo {
    /// The address, which is free of personal data.
    pub url: String,
    /// Good for what is asked now, `erase` or `verify`, in this round of the step only; the same when it is asked again.
    pub token: Sensitive,
}

/// The person that a call is about.
///
/// ```
/// use quietus_plugin::{Request, Scope};
///
/// let request = Request { scope: Scope::Guest, dry_run: true, ..Request::from([("guest_id", "g-7")]) };
/// assert_eq!(request.values("guest_id").collect::<Vec<_>>(), ["g-7"]);
/// assert!(request.writes().is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The erasure's id; free of personal data.
    pub erasure: String,
    /// The same over all calls of one round of this erasure to this plugin; when the data was still there and erasing is requested
    /// once more, it is another one.
    pub idempotency_key: String,
    /// How far it reaches.
    pub scope: Scope,
    /// `true`: say what would go, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Only of kinds that the manifest names and the operator granted.
    pub identifiers: Vec<Identifier>,
    /// Where the outcome may be reported later: given to plugins that declare
    /// [`Operation::Report`](crate::Operation::Report), where the operator has opened the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportTo>,
    /// The operator's region: what a telephone number without a country code means. `None`: nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What an earlier call of this step has stored last, for plugins that declare
    /// [`Operation::Resume`](crate::Operation::Resume). In a library, [`Call::resume`](crate::Call::resume) also knows what a
    /// host that stores nothing could not return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<ResumeValue>,
}

impl Identifier {
    /// An identifier.
    ///
    /// ```
    /// use quietus_plugin::{Identifier, Kind};
    ///
    /// let ours = Identifier::new("customer_no", "4711");
    /// assert_eq!(ours.kind, Kind::Other("customer_no".into()));
    /// ```
    pub fn new(kind: impl Into<Kind>, value: impl Into<String>) -> Self {
        Self { kind: kind.into(), value: Sensitive::new(value) }
    }
}

impl Request {
    /// The values of one kind.
    ///
    /// ```
    /// use quietus_plugin::{Kind, Request};
    ///
    /// let request = Request::from([("email", "ann@x.cz"), ("email", "ann@y.cz"), ("name", "Ann")]);
    /// assert_eq!(request.values(Kind::Email).count(), 2);
    /// assert_eq!(request.values("customer_no").next(), None);
    /// ```
    pub fn values<'a, K: Into<Kind>>(&'a self, kind: K) -> impl Iterator<Item = &'a str> + use<'a, K> {
        let kind = kind.into();
        self.identifiers.iter().filter(move |identifier| identifier.kind == kind).map(|i| i.value.expose())
    }
}

impl Request {
    /// The normal forms of the values of one kind, each once: what a found value is compared with. See
    /// [`identity`](crate::identity).
    ///
    /// ```
    /// use quietus_plugin::{Kind, Request};
    ///
    /// let request = Request::from([("email", "Ann@X.cz"), ("email", "ann@x.cz"), ("phone", "777 123 456")]);
    /// assert_eq!(request.normal_forms(Kind::Email), ["ann@x.cz"]);
    /// assert!(request.normal_forms(Kind::Phone).is_empty(), "nobody has said in which region");
    /// let czech = Request { region: Some("CZ".parse()?), ..request };
    /// assert_eq!(czech.normal_forms(Kind::Phone), ["+420777123456"]);
    /// # Ok::<(), quietus_plugin::identity::UnknownRegion>(())
    /// ```
    pub fn normal_forms(&self, kind: impl Into<Kind>) -> Vec<String> {
        let kind = kind.into();
        let mut forms = Vec::new();
        for form in self.values(&kind).flat_map(|value| normal_forms(&kind, value, self.region)) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    /// What must not stand in a log, an error or an answer: the identifiers, but no session's number, which stands in
    /// receipts; and the token.
    ///
    /// ```
    /// use quietus_plugin::Request;
    ///
    /// let request = Request::from([("email", "ann@x.cz"), ("session_id", "4711")]);
    /// assert_eq!(request.confidential().map(|value| value.expose()).collect::<Vec<_>>(), ["ann@x.cz"]);
    /// ```
    pub fn confidential(&self) -> impl Iterator<Item = &Sensitive> {
        let personal = self.identifiers.iter().filter(|identifier| identifier.kind != Kind::SessionId);
        personal.map(|identifier| &identifier.value).chain(self.report.as_ref().map(|report| &report.token))
    }
}

/// A request about these identifiers, with made-up ids, for tests: see [`TestHost`](crate::TestHost).
impl<K: Into<Kind>, V: Into<String>, const N: usize> From<[(K, V); N]> for Request {
    fn from(identifiers: [(K, V); N]) -> Self {
        Self {
            erasure: "e-test".into(),
            idempotency_key: "k-test".into(),
            scope: Scope::Person,
            dry_run: false,
            identifiers: identifiers.into_iter().map(|(kind, value)| Identifier::new(kind, value)).collect(),
            report: None,
            region: None,
            resume: None,
        }
    }
}

impl From<&Request> for Request {
    fn from(request: &Request) -> Self {
        request.clone()
    }
}
