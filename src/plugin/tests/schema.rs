//! Schemas that mean harm.

use serde_json::json;

use super::*;
use crate::plugin::schema::SchemaCheck;
use crate::plugin::validation::violations;

/// Each step looks twice at the one before, so forty of them are 2⁴⁰ looks.
fn bomb() -> serde_json::Value {
    let step = |n: u32| (format!("d{n}"), json!({ "anyOf": [reference(n - 1), reference(n - 1)] }));
    let mut steps: serde_json::Map<_, _> = (1..=40).map(step).collect();
    steps.insert("d0".into(), json!({ "type": "null" }));
    json!({ "$defs": steps, "$ref": "#/$defs/d40" })
}

fn reference(n: u32) -> serde_json::Value {
    json!({ "$ref": format!("#/$defs/d{n}") })
}

#[tokio::test]
async fn a_schema_that_takes_years_is_given_up_and_holds_up_nobody() {
    let schema = bomb();
    let target = crate::subject::TargetName("x".into());
    let check = SchemaCheck::new(&schema, &json!({}));
    let program = program();
    let mut validating = std::pin::pin!(violations(&check, &program, &target));
    let mut turns = 0_u32;
    let violations = loop {
        tokio::select! {
            violations = &mut validating => break violations,
            () = tokio::time::sleep(Duration::from_millis(10)) => turns += 1,
        }
    };
    assert!(turns > 0, "this thread was free");
    assert!(violations[0].contains("takes longer than"), "{violations:?}");
}

#[tokio::test]
async fn a_configuration_is_validated_in_the_other_process_too() {
    let schema = json!({ "type": "object", "required": ["url"] });
    let target = crate::subject::TargetName("x".into());
    let valid = SchemaCheck::new(&schema, &json!({ "url": "" }));
    assert!(violations(&valid, &program(), &target).await.is_empty());
    let violations = violations(&SchemaCheck::new(&schema, &json!({})), &program(), &target).await;
    assert!(violations[0].contains("config.url: it is missing"), "{violations:?}");
}
