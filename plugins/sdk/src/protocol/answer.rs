//! What a plugin answers to `erase` and `verify`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The outcome for the data.
///
/// ```
/// use quietus_plugin::{Answer, Outcome};
///
/// let answer: Answer = serde_json::from_str(r#"{ "outcome": "residual", "counts": { "messages": 2 } }"#)?;
/// assert_eq!(answer.outcome, Outcome::Residual);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was there and is gone. To `verify`: it is gone.
    Erased,
    /// It was never there. To `verify`: it is not there.
    Absent,
    /// A hold or a law keeps it; the reason says which.
    Retained,
    /// Asked again, it was still there.
    Residual,
    /// The system cannot be asked.
    Unverifiable,
    /// The third party that took it over reports the outcome to [`Request::report`](crate::Request::report).
    Accepted,
}

/// What a plugin answers to `erase` and `verify`.
///
/// ```
/// use std::time::Duration;
/// use quietus_plugin::Answer;
///
/// let answer = Answer::erased().count("contacts", 2).count("notes", 5).verify_after(Duration::from_secs(60));
/// assert_eq!((answer.counts["notes"], answer.verify_after_s), (5, Some(60)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The outcome for the data.
    pub outcome: Outcome,
    /// Why, where the outcome needs a reason; free of personal data, as it goes into the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many of what, such as `contacts: 2`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// How many seconds to wait before `verify`, where the system needs time. In the answer to a dry run: how many it would be, so that a person
    /// knows before anything is erased that the vendor may purge until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_after_s: Option<u64>,
    /// With `accepted`: how many seconds to wait for the report before a person is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_within_s: Option<u64>,
    /// Which places were searched, and by what: short, in plain words, free of personal data. It goes into the receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<String>,
    /// Which places that may hold data of the person were not searched, and why. It goes into the receipt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_looked_at: Vec<String>,
    /// What the system keeps although the data is erased, and for how long: a bin, an audit log, a block list. It goes
    /// into the receipt. `None` says nothing of it, so that what an earlier answer said stays true; an empty list says
    /// that nothing is kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Vec<String>>,
}

/// The characters that the host keeps of each text of [`Answer::looked_at`], [`Answer::not_looked_at`] and [`Answer::keeps`].
///
/// ```
/// use quietus_plugin::protocol::TEXT_CHARS_MAX;
///
/// let place = "notes, calls and tasks that name them in their text";
/// assert!(place.chars().count() <= TEXT_CHARS_MAX);
/// ```
pub const TEXT_CHARS_MAX: usize = 200;

impl Answer {
    fn new(outcome: Outcome, reason: Option<String>) -> Self {
        Self {
            outcome,
            reason,
            counts: BTreeMap::new(),
            verify_after_s: None,
            report_within_s: None,
            looked_at: Vec::new(),
            not_looked_at: Vec::new(),
            keeps: None,
        }
    }

    /// It was there and is gone.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// fn of(deleted_rows: u64) -> Answer {
    ///     if deleted_rows == 0 { Answer::absent() } else { Answer::erased().count("rows", deleted_rows) }
    /// }
    /// assert_eq!(of(2).counts["rows"], 2);
    /// ```
    pub fn erased() -> Self {
        Self::new(Outcome::Erased, None)
    }

    /// It was never there.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Outcome};
    /// # let contacts: Vec<u64> = Vec::new();
    /// let answer = if contacts.is_empty() { Answer::absent() } else { Answer::residual() };
    /// assert_eq!(answer.outcome, Outcome::Absent);
    /// ```
    pub fn absent() -> Self {
        Self::new(Outcome::Absent, None)
    }

    /// A hold or a law keeps it.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::retained("invoices are kept for ten years").count("invoices", 3);
    /// assert_eq!(answer.reason.as_deref(), Some("invoices are kept for ten years"));
    /// ```
    pub fn retained(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Retained, Some(reason.into()))
    }

    /// Asked again, it is still there.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Outcome};
    /// let still_there = Answer::residual().count("messages", 1);
    /// assert_eq!(still_there.outcome, Outcome::Residual);
    /// ```
    pub fn residual() -> Self {
        Self::new(Outcome::Residual, None)
    }

    /// The system cannot be asked.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Outcome};
    /// let answer = Answer::unverifiable("the archive can only be searched by its vendor");
    /// assert_eq!(answer.outcome, Outcome::Unverifiable);
    /// ```
    pub fn unverifiable(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Unverifiable, Some(reason.into()))
    }

    /// It has been taken in hand, and the outcome will be reported within this time to
    /// [`Request::report`](crate::Request::report), without which it is no answer.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, PluginError, Request};
    /// # use std::time::Duration;
    /// fn erase(request: &Request) -> Result<Answer, PluginError> {
    ///     let Some(_report) = &request.report else {
    ///         return Err(PluginError::needs_operator("there is no address for reports: set `server.reports_listen`"));
    ///     };
    ///     // Hand the identifiers on, with `report.url` and `report.token`.
    ///     Ok(Answer::accepted(Duration::from_secs(86_400)))
    /// }
    /// assert!(erase(&[("email", "ann@x.cz")].into()).is_err());
    /// ```
    pub fn accepted(report_within: Duration) -> Self {
        Self { report_within_s: Some(report_within.as_secs()), ..Self::new(Outcome::Accepted, None) }
    }

    /// Adds to the count of `what`.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::erased().count("contacts", 1).count("contacts", 2);
    /// assert_eq!(answer.counts["contacts"], 3);
    /// ```
    pub fn count(mut self, what: impl Into<String>, how_many: u64) -> Self {
        *self.counts.entry(what.into()).or_default() += how_many;
        self
    }

    /// The system needs this long until `verify` makes sense.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::erased().verify_after(std::time::Duration::from_secs(90));
    /// assert_eq!(answer.verify_after_s, Some(90), "the search index lags behind");
    /// ```
    pub fn verify_after(mut self, pause: Duration) -> Self {
        self.verify_after_s = Some(pause.as_secs());
        self
    }
    /// A place was searched; each is said once.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::absent().looked_at("contacts, archived ones included, by e-mail");
    /// assert_eq!(answer.looked_at.len(), 1);
    /// ```
    pub fn looked_at(mut self, place: impl Into<String>) -> Self {
        push_new(&mut self.looked_at, place.into());
        self
    }

    /// A place that may hold data of the person was not searched, and why; each is said once.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::absent().not_looked_at("records by phone: `phone_alone` is off");
    /// assert_eq!(answer.not_looked_at, ["records by phone: `phone_alone` is off"]);
    /// ```
    pub fn not_looked_at(mut self, place: impl Into<String>) -> Self {
        push_new(&mut self.not_looked_at, place.into());
        self
    }

    /// The system keeps something although the data is erased; each is said once.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// let answer = Answer::erased().count("contacts", 1).keeps("the bin, for 30 days");
    /// assert_eq!(answer.keeps, Some(vec!["the bin, for 30 days".to_owned()]));
    /// ```
    pub fn keeps(mut self, what: impl Into<String>) -> Self {
        push_new(self.keeps.get_or_insert_default(), what.into());
        self
    }

    /// Somebody has looked, and the system no longer keeps what an earlier answer said it keeps.
    ///
    /// ```
    /// # use quietus_plugin::Answer;
    /// assert_eq!(Answer::absent().keeps_nothing().keeps, Some(Vec::new()));
    /// assert_eq!(Answer::absent().keeps, None, "nothing is said of it");
    /// ```
    pub fn keeps_nothing(mut self) -> Self {
        self.keeps = Some(Vec::new());
        self
    }
}

impl Answer {
    /// Things were found and stay of which nobody but a person can tell whether they are the person's: each text says how many
    /// of what, and why. Nothing is erased or absent for sure while they are there; what else there is to say stands.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Outcome};
    /// let masked = ["2 contacts show no address".to_owned()];
    /// let answer = Answer::erased().count("contacts", 1).unclear(&masked);
    /// assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1));
    /// assert_eq!(answer.not_looked_at, masked);
    /// assert_eq!(Answer::absent().unclear(&[]), Answer::absent());
    /// assert_eq!(Answer::residual().unclear(&masked).outcome, Outcome::Residual);
    /// ```
    pub fn unclear(mut self, what: &[String]) -> Self {
        if !what.is_empty() && matches!(self.outcome, Outcome::Erased | Outcome::Absent) {
            self.outcome = Outcome::Unverifiable;
            self.reason = Some(format!("{}: a person must judge them", what.join("; ")));
            // Another look would not see more.
            self.verify_after_s = None;
        }
        what.iter().fold(self, Self::not_looked_at)
    }
}

fn push_new(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}
