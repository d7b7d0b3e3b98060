use super::*;

const DOCS: &str = include_str!("../../../docs/standin.md");

#[tokio::test]
async fn switches_are_shown_set_and_set_back() {
    let mut settings = StandInSettings::new("the-client", Secret::new("the-secret"));
    let start = json!({ "lag_ms": 5 });
    settings.behaviour.set(start.as_object().expect("an object")).expect("right");
    let mluvii = Served::start_as(settings).await;
    let shown = async || mluvii.control(Method::GET, "/behaviour", Value::Null).await.1;
    assert_eq!((&shown().await["lag_ms"], &shown().await["nulls"]), (&json!(5), &json!("explicit")));
    mluvii.behave(json!({ "nulls": "omitted", "lag_ms": 7 })).await;
    mluvii.behave(json!({ "lag_ms": null })).await;
    assert_eq!((&shown().await["lag_ms"], &shown().await["nulls"]), (&json!(0), &json!("omitted")));
    assert_eq!(mluvii.control(Method::DELETE, "/behaviour", Value::Null).await.0, 204);
    assert_eq!((&shown().await["lag_ms"], &shown().await["nulls"]), (&json!(5), &json!("explicit")));
}

#[tokio::test]
async fn a_wrong_switch_is_refused_by_name_and_changes_nothing() {
    let mluvii = Served::start().await;
    for (switches, named) in [
        (json!({ "lag_ms": 7, "nulls": "sometimes" }), "nulls"),
        (json!({ "lag_ms": 7, "nul": true }), "nul"),
        (json!({ "lag_ms": 7, "omit": [{ "key": "guest" }] }), "omit"),
        (json!({ "lag_ms": 7, "anonymize_session": ["POST /api/v1/Sessions"] }), "anonymize_session"),
        (json!({ "lag_ms": 7, "anonymize_leaves": ["shoes"] }), "anonymize_leaves"),
    ] {
        let (status, answer) = mluvii.control(Method::POST, "/behaviour", switches.clone()).await;
        assert_eq!(status, 422, "{switches}");
        assert!(answer["error"].as_str().expect("a reason").contains(&format!("`{named}`")), "{answer}");
    }
    assert_eq!(mluvii.standin.behaviour(), Behaviour::default());
}

#[test]
fn every_switch_is_documented_with_its_default() {
    let defaults = serde_json::to_value(Behaviour::default()).expect("JSON");
    for name in Behaviour::names() {
        let row = DOCS.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/standin.md has no row for `{name}`"));
        let default = row.split(" | ").nth(2).expect("a column for the default").replace('`', "");
        let value = match &defaults[&name] {
            Value::String(word) => word.clone(),
            value => value.to_string(),
        };
        assert_eq!(default.replace(' ', ""), value.replace(' ', ""), "`{name}`");
    }
    let table = DOCS.lines().take_while(|line| !line.starts_with("## A gateway"));
    let documented = table.filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    assert_eq!(documented.count(), Behaviour::names().len(), "no switch is documented that is not there");
}
