//! What a vendor is asked about rights and about an installation, before anybody is looked for.

use quietus_plugin::http::Request;
use serde_json::Value;

/// Something that the credentials must be allowed, and a request that shows whether they are.
pub(crate) struct Right {
    /// What, to follow "may not", with the vendor's name of the right.
    pub(crate) what: String,
    pub(crate) request: Request,
    /// What the answer says is not allowed, where more than its status tells.
    pub(crate) lacking: Lacking,
    /// What is to be asked next, with what was answered.
    pub(crate) next: Following,
    /// It is no right that an erasure needs: where it is missing, what it would tell of others is not known.
    pub(crate) only_informs: bool,
}

/// Reads an answer.
type Lacking = Box<dyn Fn(&Value) -> Option<String>>;
/// Asks on.
type Following = Box<dyn Fn(&Value) -> Option<Right>>;

impl Right {
    pub(super) fn to(what: impl Into<String>, request: Request) -> Self {
        let (lacking, next) = (Box::new(|_: &Value| None), Box::new(|_: &Value| None));
        Self { what: what.into(), request, lacking, next, only_informs: false }
    }

    /// A question whose answer says what is allowed.
    pub(super) fn informing(request: Request) -> Self {
        Self { only_informs: true, ..Self::to("", request) }
    }

    pub(super) fn then(self, next: impl Fn(&Value) -> Option<Self> + 'static) -> Self {
        Self { next: Box::new(next), ..self }
    }

    pub(super) fn shown_by(self, lacking: impl Fn(&Value) -> Option<String> + 'static) -> Self {
        Self { lacking: Box::new(lacking), ..self }
    }
}

/// Something that has to be known of this installation before anybody is looked for.
pub(crate) struct Question {
    pub(crate) right: Right,
    /// Whether it is answered `null` where the user may not ask it, and gone on without.
    pub(crate) is_optional: bool,
}

impl Question {
    pub(super) fn must(what: &str, request: Request) -> Self {
        Self { right: Right::to(what, request), is_optional: false }
    }

    pub(super) fn may(request: Request) -> Self {
        Self { right: Right::to("", request), is_optional: true }
    }
}
