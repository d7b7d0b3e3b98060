//! What breaks, and what does not. Most of what breaks has passed unnoticed in others' tools at first (oasdiff's issues 103, 224, 280, 595, 861).

use serde_json::{Value, json};

use super::comparison::{Break, breaks};
use super::{CHANGES, DESCRIPTION, undeclared};

const OPERATION: &str = "POST /things/{id}";

/// One operation, of which this is sent and answered.
fn description(sent: &Value, answered: &Value) -> Value {
    let content = |schema: &Value| json!({ "application/json": { "schema": schema } });
    let text = json!({ "type": "string" });
    let within = json!({ "$ref": "#/components/schemas/Thing" });
    json!({
        "paths": { "/things/{id}": { "post": {
            "parameters": [{ "in": "path", "name": "id", "required": true, "schema": text }],
            "requestBody": { "required": true, "content": content(sent) },
            "responses": { "200": { "content": content(answered) } },
            "security": [{ "token": ["see"] }],
        } } },
        "components": { "schemas": {
            "Thing": { "type": "object", "properties": { "name": text, "within": within } },
            "Named": { "type": "object", "properties": { "name": text } },
        } },
    })
}

#[track_caller]
fn found(before: &Value, after: &Value) -> Vec<String> {
    let all = breaks(before, after);
    assert!(all.iter().all(|one| one.operation == OPERATION), "{all:?}");
    all.into_iter().map(|one| one.what).collect()
}

/// What is found where the schema of what is sent becomes another one.
#[track_caller]
fn sent(before: &Value, after: &Value, expected: &[&str]) {
    let any = json!({});
    assert_eq!(found(&description(before, &any), &description(after, &any)), expected, "{before} {after}");
}

/// What is found where the schema of what is answered becomes another one.
#[track_caller]
fn answered(before: &Value, after: &Value, expected: &[&str]) {
    let any = json!({});
    assert_eq!(found(&description(&any, before), &description(&any, after)), expected, "{before} {after}");
}

/// An object with these members.
fn with(members: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": members, "required": required })
}

#[test]
fn a_description_does_not_break_with_itself() {
    let present: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
    let all = breaks(&present, &present);
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn whoever_takes_an_operation_a_parameter_or_an_answer_away_breaks() {
    let any = json!({});
    let before = description(&any, &any);
    let changed = |pointer: &str, to: Value| {
        let mut after = before.clone();
        *after.pointer_mut(pointer).expect("it is there") = to;
        found(&before, &after)
    };
    let at = "/paths/~1things~1{id}/post";
    assert_eq!(changed("/paths", json!({ "/another": {} })), ["it is gone"]);
    assert_eq!(changed("/paths/~1things~1{id}", json!({ "get": {} })), ["it is gone"]);
    assert_eq!(changed(&format!("{at}/responses"), json!({ "201": {} })), ["it does not answer 200 any more"]);
    assert_eq!(
        changed(&format!("{at}/responses/200/content"), json!({ "text/html": {} })),
        ["answer 200 is not application/json any more"]
    );
    assert_eq!(changed(&format!("{at}/security"), json!([{ "token": ["operate"] }])), ["it takes another permission"]);
    assert_eq!(changed(&format!("{at}/requestBody"), Value::Null), ["no body is taken any more"]);
    let mut headed = before.clone();
    headed["paths"]["/things/{id}"]["post"]["responses"]["200"]["headers"] = json!({ "a": { "required": true } });
    assert_eq!(found(&before, &headed), Vec::<String>::new());
    assert_eq!(found(&headed, &before), ["answer 200 has no header a any more"]);
    let parameter = |place: &str, name: &str, required: bool| {
        let schema = json!({ "type": "string" });
        json!({ "in": place, "name": name, "required": required, "schema": schema })
    };
    let parameters = format!("{at}/parameters");
    let id = parameter("path", "id", true);
    let needed = json!([parameter("query", "a", true), id]);
    assert_eq!(changed(&parameters, needed.clone()), ["parameter a is needed now"]);
    assert_eq!(changed(&parameters, json!([parameter("query", "a", false), id])), Vec::<String>::new());
    // Only how the part is called is another.
    let mut renamed = before.clone();
    let mut item = renamed["paths"]["/things/{id}"].take();
    item["post"]["parameters"][0]["name"] = "thing".into();
    renamed["paths"] = json!({ "/things/{thing}": item });
    assert_eq!(found(&before, &renamed), Vec::<String>::new());
    // What can be sent as a parameter does not go unnoticed.
    let mut more = before.clone();
    *more.pointer_mut(&parameters).expect("they are there") = needed;
    assert_eq!(found(&more, &before), ["parameter a is gone"]);
}

#[test]
fn what_is_sent_is_taken_as_before() {
    let text = json!({ "type": "string" });
    let none: &[&str] = &[];
    let one = with(json!({ "a": text }), &[]);
    sent(&one, &with(json!({ "a": text, "b": text }), &[]), none);
    sent(&with(json!({ "a": text }), &["a"]), &one, none);
    sent(&one, &with(json!({ "a": text }), &["a"]), &["body.a is needed now"]);
    sent(&one, &with(json!({ "a": text, "b": text }), &["b"]), &["body.b is needed now"]);
    sent(&one, &with(json!({ "b": text }), &[]), &["body.a is gone"]);
    sent(&json!({ "type": "object" }), &with(json!({}), &[]), &["body has no other members any more"]);

    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    sent(&words(&["a"]), &words(&["a", "b"]), none);
    sent(&words(&["a", "b"]), &words(&["a"]), &["body cannot be \"b\" any more"]);
    sent(&words(&["a"]), &text, none);
    sent(&text, &words(&["a"]), &["body cannot be string any more"]);
    let described = json!({ "oneOf": [{ "const": "a" }, { "const": "b", "description": "…" }] });
    sent(&words(&["a", "b"]), &described, none);
    sent(&described, &words(&["a"]), &["body cannot be \"b\" any more"]);

    let number = |kind: &str| json!({ "type": kind });
    sent(&number("integer"), &number("number"), none);
    sent(&number("number"), &number("integer"), &["body cannot be number any more"]);
    sent(&text, &json!({ "type": ["string", "null"] }), none);
    sent(&json!({ "type": ["string", "null"] }), &text, &["body cannot be null any more"]);
    sent(&json!({}), &text, &["body cannot be anything any more"]);

    let limits = |least: u64, most: u64| json!({ "type": "integer", "minimum": least, "maximum": most });
    sent(&limits(1, 5), &limits(0, 6), none);
    sent(&limits(1, 5), &limits(2, 4), &["body has a narrower minimum", "body has a narrower maximum"]);
    sent(&number("integer"), &limits(0, 5), &["body has a narrower minimum", "body has a narrower maximum"]);
    sent(&text, &json!({ "type": "string", "format": "date" }), none);
    sent(
        &json!({ "type": "string", "format": "date" }),
        &json!({ "type": "string", "format": "date-time" }),
        &["body has another form"],
    );
    sent(&text, &json!({ "type": "string", "pattern": "^a$" }), &["body has another form"]);
    let left_out = |value: bool| json!({ "type": "boolean", "default": value });
    sent(&left_out(false), &left_out(true), &["body is something else where it is left out"]);
    let list = |of: Value| json!({ "type": "array", "items": of });
    sent(&list(words(&["a", "b"])), &list(words(&["a"])), &["body[] cannot be \"b\" any more"]);
}

#[test]
fn what_is_answered_is_there_as_before_and_may_be_more() {
    let text = json!({ "type": "string" });
    let none: &[&str] = &[];
    let one = with(json!({ "a": text }), &["a"]);
    answered(&one, &with(json!({ "a": text, "b": text }), &["a", "b"]), none);
    answered(&one, &with(json!({ "a": text }), &[]), &["answer 200.a can be missing now"]);
    answered(&one, &with(json!({}), &[]), &["answer 200.a is gone", "answer 200.a can be missing now"]);
    answered(&with(json!({ "a": text }), &[]), &one, none);

    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    answered(&words(&["a"]), &words(&["a", "b"]), none);
    answered(&words(&["a", "b"]), &words(&["a"]), none);
    answered(&text, &words(&["a"]), none);
    answered(&words(&["a"]), &text, &["answer 200 can be string now"]);
    answered(&text, &json!({ "type": ["string", "null"] }), &["answer 200 can be null now"]);
    let nullable = json!({ "anyOf": [one, { "type": "null" }] });
    answered(&one, &nullable, &["answer 200 can be null now"]);
    answered(&nullable, &one, none);
    answered(&json!({ "type": "integer" }), &json!({ "type": "number" }), &["answer 200 can be number now"]);
    let list = |of: Value| json!({ "type": "array", "items": of });
    answered(
        &list(one.clone()),
        &list(with(json!({ "a": { "type": "integer" } }), &["a"])),
        &["answer 200[].a can be integer now"],
    );
    let map = |of: Value| json!({ "type": "object", "additionalProperties": of });
    answered(&map(text.clone()), &map(json!({ "type": "integer" })), &["answer 200.* can be integer now"]);
    let timed = |format: &str| json!({ "type": "string", "format": format });
    answered(&timed("date"), &timed("date-time"), &["answer 200 has another format"]);
}

#[test]
fn each_of_several_objects_is_compared_with_itself() {
    let text = json!({ "type": "string" });
    let several = |all: &[Value]| json!({ "oneOf": all });
    let at = with(json!({ "at": text }), &["at"]);
    let how = with(json!({ "how": text, "why": text }), &["how"]);
    let without_why = with(json!({ "how": text }), &["how"]);
    let never = json!({ "const": "never" });
    answered(
        &several(std::slice::from_ref(&at)),
        &several(&[at.clone(), how.clone(), never.clone()]),
        &["answer 200 can be \"never\" now"],
    );
    answered(
        &several(&[at.clone(), how.clone()]),
        &several(&[without_why.clone(), at.clone()]),
        &["answer 200.why is gone"],
    );
    sent(
        &several(&[at.clone(), how.clone(), never.clone()]),
        &several(&[how.clone(), at.clone()]),
        &["body cannot be \"never\" any more"],
    );
    sent(&several(&[at.clone(), how]), &several(&[at, never]), &["body cannot be object with \"how\" any more"]);
}

#[test]
fn what_is_referred_to_is_looked_at_and_may_contain_itself() {
    let refers = |to: &str| json!({ "$ref": format!("#/components/schemas/{to}") });
    answered(&refers("Thing"), &refers("Thing"), &[]);
    answered(&refers("Thing"), &refers("Named"), &["answer 200.within is gone"]);
    answered(&refers("Named"), &refers("Thing"), &[]);
    answered(&json!({ "allOf": [refers("Named")] }), &refers("Named"), &[]);
}

#[test]
fn a_break_is_declared_by_a_new_item_that_names_the_operation() {
    let holds = || vec![Break { operation: "POST /api/v1/holds".to_owned(), what: "it is gone".to_owned() }];
    let left = |before: &str, after: &str| undeclared(holds(), before, after).len();
    let said = "# Changes\n\n- Something else.\n- API break: `POST /api/v1/holds` takes\n  less.\n\nMore.\n";
    assert_eq!(left("# Changes\n\n- Something else.\n", said), 0);
    assert_eq!(left(said, said), 1, "that was another break");
    for other in
        ["- API break: `GET /api/v1/holds`.", "- `POST /api/v1/holds` is new.", "API break: `POST /api/v1/holds`"]
    {
        assert_eq!(left("", &format!("# Changes\n\n{other}\n")), 1, "{other}");
    }
    assert!(super::items(CHANGES).count() > 10, "the changes are listed in another form");
}
