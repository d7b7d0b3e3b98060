//! The configuration, as the operator writes it. README.md explains it by examples.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quietus_plugin::Span;
use quietus_plugin::http::{Auth, Settings};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The configuration of one use of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where all requests go, such as `https://api.example.com/v1`. Steps cannot leave it.
    #[schemars(extend("x-quietus-public" = true))]
    pub base_url: String,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How requests are authenticated.
    pub auth: Option<Auth>,
    /// Headers of every request; templates with secrets are allowed.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The most requests per second, over all calls; 5 if unset.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub rate: Option<f64>,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
    /// Identifier kinds of your own that templates use, beside `email`, `phone`, `name`, `guest_id` and `session_id`.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// The most items that one step may find for one person; 1,000 if unset. A search that finds more is too broad to
    /// erase by: this person's erasure is not made until somebody has acted.
    pub items_max: Option<usize>,
    /// How long the system needs until `verify` makes sense, such as `30s`.
    pub verify_after: Option<Span>,
    /// What finds and erases, in order.
    pub erase: Vec<Step>,
    /// What looks again. Without it the outcome cannot be verified.
    #[serde(default)]
    pub verify: Vec<Step>,
    /// What looks for other ids of the person before anything is erased, for other systems that are asked after this one. Without
    /// it, nothing is told.
    #[serde(default)]
    pub find: Vec<Step>,
    /// What tells whether the system works and accepts the credentials; uses no identifiers, and its `items` names what only an
    /// answer to the right credentials has. If unset, the searches are tried with somebody who does not exist.
    pub health: Option<Step>,
    /// What a person may stand in and no step looks at, each in a sentence for the receipt.
    #[serde(default)]
    #[schemars(extend("x-quietus-public" = true))]
    pub not_looked_at: Vec<String>,
    /// What the system keeps of somebody who was erased, for the receipt. Say nothing of what you do not know.
    #[serde(default)]
    #[schemars(extend("x-quietus-public" = true))]
    pub keeps: Vec<Keeps>,
}

/// What the system keeps although the data is erased.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keeps {
    /// What, and for how long, such as `the bin, for 30 days`.
    pub what: String,
    /// By whose word, such as `the vendor's documentation`.
    pub says: String,
}

impl Keeps {
    /// The sentence on the receipt.
    pub(crate) fn told(&self) -> String {
        format!("{}, by the word of {}", self.what, self.says)
    }
}

impl Config {
    /// The part that is the client's.
    pub(crate) fn client(&self) -> Settings {
        Settings {
            base_url: self.base_url.clone(),
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file.clone(),
            auth: self.auth.clone(),
            rate: self.rate,
            timeout: self.timeout,
            user_agent: Some(concat!("quietus-http-purge/", env!("CARGO_PKG_VERSION")).into()),
        }
    }
}

/// One request, made once for each value of each identifier kind in its templates. A step whose templates need an
/// identifier that the person does not have is skipped.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// a-z, `_` and `-`; lists are named after it.
    #[schemars(extend("x-quietus-public" = true))]
    pub name: String,
    /// The method, in capitals.
    #[schemars(extend("x-quietus-public" = true))]
    pub method: String,
    /// The path below `base_url`; a template.
    pub url: String,
    /// Templates.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The query; values are templates.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The body.
    pub body: Option<Body>,
    /// A list of an earlier step, such as `find.ids`: the request is made for each `{{item}}` of it.
    pub for_each: Option<String>,
    /// A list of an earlier step: the request is made only when it is not empty.
    pub when: Option<String>,
    /// An earlier step that deletes, with the same `for_each`: this one deletes for good what that one has deleted, and what a
    /// search no longer shows after it. Needs `health`.
    pub completes: Option<String>,
    /// JSON path to the single results in the answer, such as `$.results[*]`. `extract` and `match` are then relative to
    /// one result.
    pub items: Option<String>,
    /// Lists to take from the answer: name and JSON path (RFC 9535).
    #[serde(default)]
    pub extract: BTreeMap<String, String>,
    /// `true`: the address is one record's, so that 404 says that it is not there. It is believed once `health` is answered and
    /// the request is answered 404 again. Needs `items`, such as `$`, the whole answer.
    #[serde(default)]
    pub lookup: bool,
    /// Which results are really about the person, or `"trust_search"`, or `"later"`. Every step that takes results of a person
    /// has it.
    #[serde(rename = "match")]
    pub matches: Option<Match>,
    /// `true`: the answer may leave the list of results out when it is empty. It may always be null.
    #[serde(default)]
    pub sparse: bool,
    /// How further pages are asked for.
    pub paging: Option<Paging>,
    /// What statuses mean, where it differs from the defaults.
    #[serde(default)]
    pub status: Statuses,
    /// What the step erases or finds, such as `contacts`; the step's name if unset.
    pub count: Option<String>,
    /// The step changes nothing, although its method is neither GET nor HEAD: a search by POST.
    #[serde(default)]
    pub reads: bool,
    /// In `find`: the identifier kind as which other systems are told what `extract` takes, such as `crm_id`.
    #[schemars(extend("x-quietus-public" = true))]
    pub returns: Option<String>,
    /// With `returns`: the most different values that one person may have; 5 if unset. When there are more, the search is about more
    /// than one person, and nobody is told any.
    #[schemars(range(min = 1, max = 64))]
    pub values_max: Option<usize>,
    /// With `returns`: a result of the person's may have no value, which it shows by `null`, an empty text or an empty list.
    /// Otherwise such a result is an error.
    #[serde(default)]
    pub may_lack: bool,
}

/// A request's body.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Body {
    /// JSON; its strings are templates. A string that is nothing but `{{step.list}}` becomes the whole list.
    Json(Value),
    /// A form; its values are templates.
    Form(BTreeMap<String, String>),
}

/// Whose a result is.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Match {
    /// Whoever the search says; the answer, and so the receipt, says that nobody has looked.
    Trust(Trust),
    /// Whoever the result itself shows. Needs `items`.
    Exact(Exact),
}

/// A search whose results show nothing but ids, or not all that they are found by.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Its results are the person's, all of them.
    TrustSearch,
    /// Its results are nobody's yet: a later step reads each of them and judges it.
    Later,
}

/// An exact look at a result, because vendors' searches are fuzzy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exact {
    /// JSON path within one result; one of the values that it leads to must be equal.
    pub path: String,
    /// A template, such as `{{email}}`.
    pub equals: String,
    /// Whether upper and lower case are the same.
    #[serde(default)]
    pub ignore_case: bool,
    /// JSON path in the whole answer to results that a person must judge even where they match, such as an address that several share:
    /// `$.identities[?@.ownership == 'shared']`.
    pub needs_person: Option<String>,
}

/// How further pages are asked for. With more than `pages_max` pages (20 if unset) the search is too broad, as with
/// `items_max`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Paging {
    /// The answer has a link to the next page, on the same host.
    Next {
        /// JSON path to the link.
        path: String,
        /// The most pages.
        pages_max: Option<u32>,
    },
    /// The answer has a cursor that goes into the next request.
    Cursor {
        /// JSON path to the cursor.
        path: String,
        /// The query parameter that it goes into,
        query: Option<String>,
        /// or the member of the JSON body.
        json: Option<String>,
        /// The most pages.
        pages_max: Option<u32>,
    },
    /// The request says where to begin. The page without results is the last. Needs `items`.
    Offset {
        /// The query parameter of the offset.
        query: String,
        /// The query parameter of the limit.
        limit_query: Option<String>,
        /// Results on one page.
        #[schemars(range(min = 1))]
        limit: u64,
        /// The most pages.
        pages_max: Option<u32>,
    },
}

/// What statuses mean. Unlisted: 2xx `ok`, 404 and 410 `absent` (an error for a search), 423 and 451 `retained`, 401 `needs_operator`,
/// 408, 425, 429 and 5xx `retry`, all others, 403 among them, fail the call for good.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Statuses {
    /// Done, or found.
    pub ok: Vec<u16>,
    /// Not there.
    pub absent: Vec<u16>,
    /// Try again later; `Retry-After` is honoured.
    pub retry: Vec<u16>,
    /// The system keeps it: a hold or a law.
    pub retained: Vec<u16>,
    /// Every request will fail until a person acts.
    pub needs_operator: Vec<u16>,
}
