//! The fields in which a person is named, alike in every form; and what was typed, as it comes back where somebody goes on with it. It is kept
//! nowhere: a form carries it, sealed under a key of this process alone, for whoever has typed it.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::fields::Fields;
use super::parts::Aria;
use super::view::View;
use super::visitor::Visitor;
use crate::keys::{CapsuleKey, Sealed, SealedAs, Secret};
use crate::operations::accounts::{ByWhat, Identity};
use crate::operations::{GivenIdentifiers, InputError};
use crate::subject::Kind;

/// The kinds that have a field of their own.
const KINDS: [(&str, &str, &str); 3] = [("email", "email", "email"), ("phone", "tel", "tel"), ("name", "text", "text")];

/// The field in which what was typed before comes back.
const SEALED: &str = "person";

/// The box that has to be ticked before what cannot be undone.
const SURE: &str = "sure";

/// For how long what was typed can come back. Each use seals it anew.
const LASTS: SignedDuration = SignedDuration::from_mins(15);

/// A field that is wrong, and how to put it right.
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl Wrong {
    /// What is wrong with how a person is named, where it is that.
    pub(super) fn of(view: &View, why: &InputError) -> Option<Self> {
        let w = view.words();
        let (field, sentence) = match why {
            InputError::RegionNeeded => ("phone", w.phone_needs_country),
            InputError::NotComparable(kind) | InputError::Empty(kind) => (field_of(kind), w.not_comparable),
            InputError::NoIdentifier => ("email", w.nobody_named),
            _ => return None,
        };
        Some(Self { field, text: view.say(sentence, &[]) })
    }
}

/// What is wrong, each with the way to its field.
pub(super) fn errors(title: &str, wrong: &[Wrong]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.errors role="alert" aria-labelledby="e" {
                h2 #e { (title) }
                ul { @for one in wrong { li { a href={ "#" (one.field) } { (one.text) } } } }
            }
        }
    }
}

/// A page's title. Where something is wrong, whoever has it read aloud hears that first.
pub(super) fn titled(view: &View, name: &str, wrong: &[Wrong]) -> String {
    match wrong {
        [] => name.to_owned(),
        _ => format!("{} {name}", view.words().error_in_title),
    }
}

/// A field with its label, its hint and what is wrong with it, which its control is tied to.
pub(super) fn field(
    view: &View,
    wrong: &[Wrong],
    id: &str,
    label: &str,
    hint: Option<&str>,
    control: impl FnOnce(&Aria) -> Markup,
) -> Markup {
    let w = view.words();
    let wrong = wrong.iter().find(|wrong| wrong.field == id);
    let aria = Aria::of(id, hint.is_some(), wrong.is_some());
    html! {
        div.field.wrong[wrong.is_some()] {
            label for=(id) { (label) }
            @if let Some(hint) = hint { span.hint id={ (id) "-h" } { (hint) } }
            @if let Some(wrong) = wrong { span.error id={ (id) "-e" } { span.hidden { (w.error_in_title) " " } (wrong.text) } }
            (control(&aria))
        }
    }
}

/// A field for a password. Nothing that was typed there comes back.
pub(super) fn password(
    view: &View,
    wrong: &[Wrong],
    id: &str,
    label: &str,
    hint: Option<&str>,
    autocomplete: &str,
) -> Markup {
    field(view, wrong, id, label, hint, |aria| {
        html! {
            input id=(id) name=(id) type="password" autocomplete=(autocomplete) maxlength="1024" required
                aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
        }
    })
}

/// A box that has to be ticked before something that nobody can undo is done.
pub(super) fn sure(view: &View, wrong: &[Wrong], label: &str) -> Markup {
    let w = view.words();
    let wrong = wrong.iter().find(|wrong| wrong.field == SURE);
    let aria = Aria::of(SURE, false, wrong.is_some());
    html! {
        div.field.wrong[wrong.is_some()] {
            @if let Some(wrong) = wrong { span.error id={ (SURE) "-e" } { span.hidden { (w.error_in_title) " " } (wrong.text) } }
            label.pick {
                input id=(SURE) type="checkbox" name=(SURE) value="1" required
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                " " (label)
            }
        }
    }
}

/// What is wrong where that box was not ticked.
pub(super) fn must_be_sure(view: &View, fields: &Fields, sentence: &str) -> Option<Wrong> {
    (fields.text(SURE) != "1").then(|| Wrong { field: SURE, text: view.say(sentence, &[]) })
}

/// The fields in which a person is typed; or, where they were before, that they are who is meant.
pub(super) fn person(view: &View, wrong: &[Wrong], sealed: Option<&str>) -> Markup {
    let w = view.words();
    if let Some(sealed) = sealed {
        return html! { (passed_on(sealed)) (of_search(view)) };
    }
    let one = |name: &str, kind: &str, mode: &str, label: &str| {
        // What browsers keep of forms would be a list of persons.
        field(view, wrong, name, label, None, |aria| {
            html! {
                input id=(name) name=(name) type=(kind) inputmode=(mode) autocomplete="off" spellcheck="false" maxlength="320"
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }
        })
    };
    html! {
        div.halves {
            (one(KINDS[0].0, KINDS[0].1, KINDS[0].2, w.email))
            (one(KINDS[1].0, KINDS[1].1, KINDS[1].2, w.phone))
            (one(KINDS[2].0, KINDS[2].1, KINDS[2].2, w.name))
            (field(view, wrong, "kind", w.other_kind, Some(w.other_kind_hint), |aria| html! {
                input #kind name="kind" autocomplete="off" maxlength="64" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }))
            (one("other", "text", "text", w.other_value))
        }
    }
}

/// The field in which a form carries who was searched for. Nobody sees it.
pub(super) fn passed_on(sealed: &str) -> Markup {
    html! { input type="hidden" name=(SEALED) value=(sealed); }
}

/// Who is meant, without saying who that is.
pub(super) fn of_search(view: &View) -> Markup {
    let w = view.words();
    html! {
        p { b { (w.person_of_search) } }
        p.small.muted { (view.say(w.person_lasts, &[])) }
    }
}

/// Which of the companies that the visitor may see, where there are several.
pub(super) fn company<N>(visitor: &Visitor<N>, wrong: &[Wrong], chosen: &str) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let all = visitor.on.settings.installations.iter().filter(|one| visitor.sees(&one.name));
    let all: Vec<_> = all.map(|one| one.name.to_string()).collect();
    html! {
        @if all.len() > 1 {
            (field(view, wrong, "company", w.company, None, |aria| html! {
                select #company name="company" aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                    option value="" { (w.choose) }
                    @for one in &all { option value=(one) selected[*one == chosen] { (one) } }
                }
            }))
        }
    }
}

/// Who is named in a form.
pub(super) enum Named {
    /// By what was typed now, or comes back and is good; nobody where nothing was.
    As(GivenIdentifiers),
    /// What comes back is too old, or of somebody else.
    Expired,
}

/// What comes back with a form, where anything does.
pub(super) fn passed<N>(visitor: &Visitor<N>, fields: &Fields) -> Option<Named> {
    let sealed = Some(fields.text(SEALED)).filter(|sealed| !sealed.is_empty())?;
    let opened = open(&visitor.admin.passing, &visitor.identity, sealed, visitor.view.now);
    Some(opened.map_or(Named::Expired, Named::As))
}

/// Who is named in a form; tells of a field that is wrong.
pub(super) fn named<N>(
    visitor: &Visitor<N>,
    fields: &Fields,
    mut is_wrong: impl FnMut(&'static str, &'static str),
) -> Named {
    let w = visitor.view.words();
    match passed(visitor, fields) {
        // A guest's id that comes back with another form is nothing that a person is known by.
        Some(Named::As(identifiers)) if identifiers.iter().any(|(kind, _)| kind.is_internal_id()) => {
            return Named::Expired;
        }
        Some(passed) => return passed,
        None => {}
    }
    let mut identifiers = GivenIdentifiers::new();
    for (name, ..) in KINDS {
        let one = fields.secret(name);
        if let (false, Ok(kind)) = (one.expose().trim().is_empty(), name.parse::<Kind>()) {
            identifiers.push((kind, one));
        }
    }
    let other = fields.secret("other");
    if !other.expose().trim().is_empty() {
        match fields.text("kind").parse::<Kind>() {
            Ok(kind) if !kind.is_internal_id() => identifiers.push((kind, other)),
            _ => is_wrong("kind", w.kind_wrong),
        }
    }
    Named::As(identifiers)
}

/// Whether whoever is named was typed before, and comes back with the form.
pub(super) fn comes_back(fields: &Fields) -> bool {
    !fields.text(SEALED).is_empty()
}

/// What comes back with the next form.
pub(super) fn carried<N>(visitor: &Visitor<N>, identifiers: &GivenIdentifiers) -> String {
    seal(&visitor.admin.passing, &visitor.identity, identifiers, visitor.view.now)
}

fn field_of(kind: &Kind) -> &'static str {
    let word = kind.to_string();
    KINDS.iter().find(|(name, ..)| *name == word).map_or("other", |(name, ..)| name)
}

/// It opens for this account in this session alone.
fn sealed_as(of: &Identity) -> SealedAs {
    let session = match &of.by {
        ByWhat::Session(id) | ByWhat::Token(id) => id.as_str(),
    };
    SealedAs::new("person of a form", &[of.account.as_str().as_bytes(), session.as_bytes()])
}

/// Hexadecimal: it stands in a page as it is.
fn seal(key: &CapsuleKey, of: &Identity, identifiers: &GivenIdentifiers, now: Timestamp) -> String {
    let until = (now + LASTS).as_second().to_string();
    let mut parts = vec![until.as_str()];
    parts.extend(identifiers.iter().flat_map(|(kind, value)| [kind.as_str(), value.expose()]));
    // Nobody types this character.
    let text = Secret::new(parts.join("\0"));
    hex::encode(key.seal(&sealed_as(of), text.expose().as_bytes()).0)
}

fn open(key: &CapsuleKey, of: &Identity, text: &str, now: Timestamp) -> Option<GivenIdentifiers> {
    let sealed = Sealed(hex::decode(text).ok()?);
    let plain = key.open(&sealed_as(of), &sealed).ok()?;
    let mut parts = std::str::from_utf8(&plain).ok()?.split('\0');
    let until: i64 = parts.next()?.parse().ok()?;
    if now.as_second() > until {
        return None;
    }
    let mut identifiers = GivenIdentifiers::new();
    while let Some(kind) = parts.next() {
        identifiers.push((kind.parse().ok()?, Secret::new(parts.next()?)));
    }
    Some(identifiers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Bearer, BearerKind, Companies, Role, Roles};

    fn of(account: &str) -> Identity {
        Identity {
            account: account.parse().expect("a name"),
            shown_as: account.to_owned(),
            roles: Roles::of([Role::Officer]).expect("one"),
            companies: Companies::All,
            by: ByWhat::Session(Bearer::generate(BearerKind::Session).id),
        }
    }

    #[test]
    fn what_was_typed_comes_back_to_who_has_typed_it_and_for_a_while() {
        let key = CapsuleKey::generate();
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let typed: GivenIdentifiers =
            vec![(Kind::Email, Secret::new("ann@example.com")), (Kind::Name, Secret::new(" Ann Á "))];
        let ann = of("ann");
        let sealed = seal(&key, &ann, &typed, now);
        assert!(!sealed.contains("ann") && !sealed.contains(&hex::encode("ann@")), "{sealed}");
        assert_ne!(sealed, seal(&key, &ann, &typed, now));
        let opened = |of: &Identity, text: &str, after: SignedDuration| open(&key, of, text, now + after);
        assert_eq!(opened(&ann, &sealed, SignedDuration::ZERO), Some(typed.clone()));
        assert_eq!(opened(&ann, &sealed, LASTS), Some(typed));
        assert_eq!(opened(&ann, &sealed, LASTS + SignedDuration::from_secs(1)), None);
        let elsewhere = Identity { by: of("ann").by, ..ann.clone() };
        assert_eq!(opened(&elsewhere, &sealed, SignedDuration::ZERO), None, "another session of hers");
        assert_eq!(opened(&Identity { by: ann.by.clone(), ..of("bob") }, &sealed, SignedDuration::ZERO), None);
        let changed = format!("{}0", &sealed[..sealed.len() - 1]);
        let changed = if changed == sealed { format!("{}1", &sealed[..sealed.len() - 1]) } else { changed };
        for wrong in ["", "x", "00", changed.as_str()] {
            assert_eq!(opened(&ann, wrong, SignedDuration::ZERO), None, "{wrong}");
        }
        assert_eq!(open(&CapsuleKey::generate(), &ann, &sealed, now), None, "another process");
    }
}
