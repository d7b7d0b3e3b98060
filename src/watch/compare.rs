//! How the webhooks at mluvii compare with what a source needs.

use reqwest::Url;

use super::callback::Wanted;
use crate::event::same_word;
use crate::keys::Secret;
use crate::mluvii::{Webhook, WebhookId};

/// How it is with a source's webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// mluvii has it as it is needed; `also` are further ones with the same address, by which events come twice. `masked`: its credentials
    /// are not shown, so that nobody can say whether they are right.
    Right {
        id: WebhookId,
        also: Vec<WebhookId>,
        masked: bool,
    },
    /// It is there, and not as it is needed.
    Wrong {
        id: WebhookId,
        lacks: Lacks,
    },
    Missing,
}

/// What a webhook lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lacks {
    /// Types of events that it is not registered for.
    pub(crate) event_types: Vec<String>,
    /// Its credentials are none that the source accepts.
    pub(crate) credentials: bool,
}

impl Lacks {
    fn is_nothing(&self) -> bool {
        self.event_types.is_empty() && !self.credentials
    }
}

/// Compares them. Of several with our address, the one that lacks nothing counts.
pub(crate) fn compare(wanted: &Wanted, webhooks: &[Webhook]) -> State {
    let ours: Vec<_> = webhooks.iter().filter(|webhook| is_ours(wanted, &webhook.callback_url)).collect();
    let lacks: Vec<_> = ours.iter().map(|webhook| lacks(wanted, webhook)).collect();
    if let Some(right) = lacks.iter().position(Lacks::is_nothing) {
        let others = ours.iter().enumerate().filter(|(index, _)| *index != right);
        let also = others.map(|(_, other)| other.id.clone()).collect();
        let masked = credentials(wanted, ours[right]) == Credentials::Masked;
        return State::Right { id: ours[right].id.clone(), also, masked };
    }
    match (ours.first(), lacks.into_iter().next()) {
        (Some(first), Some(lacks)) => State::Wrong { id: first.id.clone(), lacks },
        _ => State::Missing,
    }
}

/// Whether a webhook leads to this source: the same host, port and path, whatever its credentials. A path may end in one slash,
/// which receiving takes, too.
pub(crate) fn is_ours(wanted: &Wanted, url: &Secret) -> bool {
    let (Ok(ours), Ok(theirs)) = (Url::parse(&wanted.address), Url::parse(url.expose())) else { return false };
    ours.scheme() == theirs.scheme()
        && ours.host() == theirs.host()
        && ours.port_or_known_default() == theirs.port_or_known_default()
        && ours.path() == theirs.path().strip_suffix('/').unwrap_or(theirs.path())
}

fn lacks(wanted: &Wanted, webhook: &Webhook) -> Lacks {
    let has = |name: &&String| webhook.event_types.iter().any(|theirs| same_word(theirs, name));
    Lacks {
        event_types: wanted.event_types.iter().filter(|name| !has(name)).cloned().collect(),
        credentials: credentials(wanted, webhook) == Credentials::Wrong,
    }
}

/// How a webhook's credentials compare with those of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Credentials {
    Wrong,
    /// They are not shown, and nothing that is shown of them differs.
    Masked,
    Right,
}

/// The best of what the source accepts.
fn credentials(wanted: &Wanted, webhook: &Webhook) -> Credentials {
    wanted.urls.iter().map(|url| agree(url, &webhook.callback_url)).max().unwrap_or(Credentials::Wrong)
}

fn agree(ours: &Secret, theirs: &Secret) -> Credentials {
    let (Ok(ours), Ok(theirs)) = (Url::parse(ours.expose()), Url::parse(theirs.expose())) else {
        return Credentials::Wrong;
    };
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    if decoded(ours.username()) != decoded(theirs.username()) {
        return Credentials::Wrong;
    }
    let password = match (ours.password().map(decoded), theirs.password().map(decoded)) {
        (None, None) => Credentials::Right,
        (Some(ours), Some(theirs)) => shown(&ours, &theirs),
        _ => Credentials::Wrong,
    };
    // What else may stand in it, receiving does not look at.
    let names: Vec<_> = ours.query_pairs().map(|(name, _)| name).collect();
    let query = |url: &Url| {
        let pairs = url.query_pairs().filter(|(name, _)| names.contains(name));
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect::<Vec<_>>()
    };
    let (our_query, their_query) = (query(&ours), query(&theirs));
    let has_same_names = our_query.iter().map(|(name, _)| name).eq(their_query.iter().map(|(name, _)| name));
    if !has_same_names {
        return Credentials::Wrong;
    }
    let values = our_query.iter().zip(&their_query).map(|((_, ours), (_, theirs))| shown(ours, theirs));
    values.chain([password]).min().unwrap_or(Credentials::Wrong)
}

/// What is masked says nothing.
fn shown(ours: &str, theirs: &str) -> Credentials {
    let is_masked = !theirs.is_empty() && theirs.chars().all(|c| matches!(c, '*' | '•' | '.' | '…' | 'x' | 'X'));
    match ours == theirs {
        true => Credentials::Right,
        false if is_masked => Credentials::Masked,
        false => Credentials::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            urls: vec![
                Secret::new("https://m:new%20one@hooks.example/webhooks/acme"),
                Secret::new("https://m:old@hooks.example/webhooks/acme"),
            ],
            address: "https://hooks.example/webhooks/acme".into(),
            event_types: vec!["SessionEnded".into(), "SessionCallParamsUpdated".into()],
        }
    }

    fn webhook(id: i64, url: &str, types: &[&str]) -> Webhook {
        let event_types = types.iter().map(|&name| name.to_owned()).collect();
        Webhook { id: WebhookId::new(&id.to_string()).expect("an id"), event_types, callback_url: Secret::new(url) }
    }

    const BOTH: &[&str] = &["SESSION_ENDED", "sessionCallParamsUpdated", "Another"];

    #[track_caller]
    fn check(url: &str, types: &[&str], expected: &str) {
        let state = compare(&wanted(), &[webhook(9, "https://other.example/x", BOTH), webhook(7, url, types)]);
        let said = match state {
            State::Right { id, also, masked } => {
                format!("right {id} {}{}", also.len(), if masked { " masked" } else { "" })
            }
            State::Wrong { id, lacks } => format!("wrong {id} {} {}", lacks.event_types.join(","), lacks.credentials),
            State::Missing => "missing".to_owned(),
        };
        assert_eq!(said, expected, "{url}");
    }

    #[test]
    fn a_webhook_is_known_by_its_address_and_judged_by_the_rest() {
        check("https://m:new%20one@hooks.example/webhooks/acme", BOTH, "right 7 0");
        check("https://m:old@HOOKS.example:443/webhooks/acme/", BOTH, "right 7 0");
        check("https://m:old@hooks.example/webhooks/acme?tenant=9", BOTH, "right 7 0");
        check("https://m:***@hooks.example/webhooks/acme", BOTH, "right 7 0 masked");
        check("https://other:***@hooks.example/webhooks/acme", BOTH, "wrong 7  true");
        check("https://m:wrong@hooks.example/webhooks/acme", BOTH, "wrong 7  true");
        check("https://hooks.example/webhooks/acme", BOTH, "wrong 7  true");
        check("https://m:old@hooks.example/webhooks/acme", &["SessionEnded"], "wrong 7 SessionCallParamsUpdated false");
        check("https://m:old@hooks.example/webhooks/acme", &[], "wrong 7 SessionEnded,SessionCallParamsUpdated false");
        for other in [
            "https://m:old@hooks.example/webhooks/acme2",
            "https://m:old@hooks.example:8443/webhooks/acme",
            "http://m:old@hooks.example/webhooks/acme",
            "https://m:old@staging.example/webhooks/acme",
            "https://hooks.example@evil.example/webhooks/acme",
            "https://m:old@hooks.example/webhooks/acme//",
            "https://m:old@hooks.example//webhooks/acme",
            "not a URL",
        ] {
            check(other, BOTH, "missing");
        }
    }

    #[test]
    fn of_several_the_one_that_lacks_nothing_counts() {
        let right = "https://m:old@hooks.example/webhooks/acme";
        let all = [webhook(1, right, &[]), webhook(2, right, BOTH), webhook(3, right, BOTH)];
        let State::Right { id, also, .. } = compare(&wanted(), &all) else { panic!("one is right") };
        assert_eq!((id.to_string().as_str(), also.len()), ("2", 2));
        assert_eq!(compare(&wanted(), &[]), State::Missing);
    }
}
