use super::*;

async fn two_contacts() -> Served {
    let mluvii = Served::start().await;
    for (id, tenant, email, phone) in [("g-1", 61, "Ann@x.cz", "777 123 456"), ("g-2", 62, "joann@x.cz", "777 999 999")]
    {
        let contact =
            json!({ "id": id, "tenant": tenant, "data": { "email": [email, "second@x.cz"], "phone": [phone] } });
        let (status, added) = mluvii.control(Method::POST, "/contacts", contact).await;
        assert_eq!((status, added), (201, json!({ "id": id })));
    }
    mluvii
}

async fn ids(mluvii: &Served, query: &str) -> Vec<String> {
    let (status, list) = mluvii.api(Method::GET, &format!("/Contacts?{query}"), Value::Null).await;
    assert_eq!(status, 200, "{query}");
    let list = list.as_array().expect("a list").clone();
    list.iter().map(|contact| contact["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn contacts_are_found_by_their_fields() {
    let mluvii = two_contacts().await;
    for (query, found) in [
        ("filterField=email&filterValue=ann%40x.cz", &["g-1"][..]),
        ("filterField=Email&filterValue=second%40x.cz", &["g-1", "g-2"]),
        ("departmentId=62&filterField=email&filterValue=second%40x.cz", &["g-2"]),
        ("filterField=phone&filterValue=ann%40x.cz", &[]),
        ("filterField=email&filterValue=nobody", &[]),
        ("departmentId=61", &["g-1"]),
        ("limit=1&offset=1", &["g-2"]),
    ] {
        assert_eq!(ids(&mluvii, query).await, found, "{query}");
    }
    let contact = json!({ "id": "g-1", "data": { "email": ["Ann@x.cz", "second@x.cz"], "phone": ["777 123 456"] } });
    assert_eq!(mluvii.api(Method::GET, "/Contacts/g-1", Value::Null).await, (200, contact));
    assert_eq!(mluvii.api(Method::GET, "/Contacts/g-3", Value::Null).await.0, 404);
    assert_eq!(mluvii.api(Method::GET, "/Contacts?limit=many", Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_search_for_contacts_is_loose_or_ignored_where_that_was_chosen() {
    let mluvii = two_contacts().await;
    mluvii.behave(json!({ "contact_match": "contains" })).await;
    assert_eq!(ids(&mluvii, "filterField=email&filterValue=ann%40x.cz").await, ["g-1", "g-2"]);
    mluvii.behave(json!({ "contact_match": "exact", "ignored_filters": ["filterValue"] })).await;
    assert_eq!(ids(&mluvii, "filterField=email&filterValue=nobody").await, ["g-1", "g-2"]);
    mluvii.behave(json!({ "ignored_filters": ["departmentId"] })).await;
    assert_eq!(ids(&mluvii, "departmentId=61").await, ["g-1", "g-2"]);
}

#[tokio::test]
async fn an_installation_may_have_no_contacts() {
    let mluvii = two_contacts().await;
    mluvii.behave(json!({ "contacts": false })).await;
    assert_eq!(mluvii.api(Method::GET, "/Contacts", Value::Null).await.0, 404);
    assert_eq!(mluvii.api(Method::GET, "/Contacts/g-1", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_contact_is_found_and_anonymized_with_its_sessions_where_that_was_chosen() {
    let mluvii = two_contacts().await;
    mluvii.standin.begin(NewConversation { id: Some(1), guest: Some("g-1".into()), ..NewConversation::default() });
    let found = async || mluvii.control(Method::GET, "/search?text=777%20123", Value::Null).await.1;
    assert_eq!(found().await, json!([{ "id": "g-1", "place": "contact" }]));

    let anonymize = async || mluvii.api(Method::DELETE, "/Contacts/g-1", Value::Null).await.0;
    assert_eq!(anonymize().await, 405);
    mluvii.behave(json!({ "anonymize_contact": ["DELETE /api/v1/Contacts/{id}"] })).await;
    assert_eq!(anonymize().await, 204);
    assert_eq!(found().await, json!([]));
    assert_eq!(mluvii.listed("Anonymized.Null=false").await, [1]);
    assert_eq!(anonymize().await, 404);
}

#[tokio::test]
async fn anonymizing_a_guest_leaves_the_contact_record() {
    let mluvii = two_contacts().await;
    mluvii.standin.begin(NewConversation { id: Some(1), guest: Some("g-1".into()), ..NewConversation::default() });
    assert_eq!(mluvii.api(Method::POST, "/Guest/g-1/anonymous", Value::Null).await.0, 204);
    assert_eq!(mluvii.standin.find("777 123").len(), 1);
}
