//! Forms that a session's activities show as submitted, without what was filled in.

use jiff::Timestamp;

use super::keep::{Keep, Kept};
use crate::event::{UNKNOWN_WORD, parse_timestamp};

/// What is kept of an activity; of each field that was filled in, so much as is given.
pub(super) const fn activity(filled_in: &'static Keep) -> [(&'static str, Keep); 8] {
    [
        ("id", Keep::Text),
        ("activityId", Keep::Text),
        ("type", Keep::Text),
        ("time", Keep::Text),
        ("result", Keep::Text),
        ("submittedByClient", Keep::Text),
        ("originalFormId", Keep::Text),
        ("submissionParams", Keep::Every(filled_in)),
    ]
}

/// Of what was filled in, only the names of the fields: an activity without any may be a form that was shown, and never submitted.
pub(super) const FORM: Keep = Keep::Fields(&FORM_KEYS);
const FORM_KEYS: [(&str, Keep); 8] = activity(&NOTHING);
const NOTHING: Keep = Keep::Fields(&[]);

/// A form that was submitted in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubmittedForm {
    /// What was filled in stands there.
    pub(crate) activity: i64,
    pub(crate) time: Timestamp,
    /// As of [`crate::event::Form::origin`].
    pub(crate) origin: &'static str,
    pub(crate) id: Option<i64>,
    pub(crate) by_client: Option<bool>,
}

/// The forms among these activities. One that shows no time cannot be compared with what was told, and is left out.
pub(super) fn submitted(activities: &Kept) -> Vec<SubmittedForm> {
    activities.elements().iter().filter_map(form).collect()
}

fn form(activity: &Kept) -> Option<SubmittedForm> {
    let params = activity.field("submissionParams")?;
    let is_empty = params.members().next().is_none() && params.elements().is_empty();
    if is_empty || is_cancelled(activity) {
        return None;
    }
    Some(SubmittedForm {
        activity: id(activity)?.parse().ok()?,
        time: activity.text("time").and_then(parse_timestamp)?,
        origin: origin(activity),
        id: activity.text("originalFormId").and_then(|id| id.parse().ok()),
        by_client: by_client(activity),
    })
}

pub(super) fn id(activity: &Kept) -> Option<&str> {
    activity.text("id").or(activity.text("activityId"))
}

pub(super) fn is_cancelled(activity: &Kept) -> bool {
    activity.text("result").is_some_and(|result| result.eq_ignore_ascii_case("cancelled"))
}

pub(super) fn by_client(activity: &Kept) -> Option<bool> {
    activity.text("submittedByClient").and_then(|text| text.to_ascii_lowercase().parse().ok())
}

/// The chatbot's hero card is the chatbot's.
pub(super) fn origin(activity: &Kept) -> &'static str {
    let kind = activity.text("type").unwrap_or_default().replace('_', "").to_ascii_lowercase();
    let origins = [("chatbot", "chatbot"), ("callscript", "call_script"), ("herocard", "hero_card")];
    origins.iter().find(|(word, _)| kind.contains(word)).map_or(UNKNOWN_WORD, |(_, origin)| origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(activity: &str, expected: Option<(i64, &str)>) {
        let kept = FORM.read(format!("[{activity}]").as_bytes()).expect("JSON");
        let found = submitted(&kept);
        assert_eq!(found.first().map(|form| (form.activity, form.origin)), expected, "{activity}");
    }

    #[test]
    fn only_what_was_filled_in_is_a_submitted_form() {
        let whole = r#"{"id": 7, "type": "HeroCardSubmission", "time": "2024-05-02T14:05:24Z", "originalFormId": 3,
                        "submissionParams": {"agree": "no"}}"#;
        check(whole, Some((7, "hero_card")));
        check(&whole.replace("\"id\"", "\"ActivityId\""), Some((7, "hero_card")));
        check(&whole.replace("HeroCard", "CHATBOT_HERO_CARD_"), Some((7, "chatbot")));
        check(&whole.replace("HeroCard", "Form"), Some((7, "unknown")));
        check(&whole.replace(r#"{"agree": "no"}"#, r#"[{"name": "agree", "value": "no"}]"#), Some((7, "hero_card")));
        for nothing in ["null", "{}", "[]", "\"agree\"", "7"] {
            check(&whole.replace(r#"{"agree": "no"}"#, nothing), None);
        }
        check(&whole.replace("\"originalFormId\"", "\"result\": \"CANCELLED\", \"originalFormId\""), None);
        check(&whole.replace("\"time\"", "\"at\""), None);
        check(&whole.replace("\"id\"", "\"of\""), None);
        check(r#"{"id": 7, "type": "ChatMessage", "time": "2024-05-02T14:05:24Z", "text": "no"}"#, None);
    }

    #[test]
    fn nothing_of_what_was_filled_in_is_held() {
        let json = r#"[{"id": 7, "submissionParams": {"email": "ann@example.com"}}]"#;
        let kept = FORM.read(json.as_bytes()).expect("JSON");
        let params = kept.elements()[0].field("submissionParams").expect("there");
        assert!(params.members().all(|(_, value)| value.as_text().is_none()));
    }
}
