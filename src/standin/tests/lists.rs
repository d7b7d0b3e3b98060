use super::*;

/// Four sessions of two tenants; 1 and 2 have ended, 2 is anonymized.
async fn four(switches: Value) -> Served {
    let mluvii = Served::start().await;
    for (id, tenant, guest, version) in
        [(1, 61, "g-1", Some("v1")), (2, 62, "g-2", Some("v2")), (3, 62, "g-3", None), (4, 62, "g-1", Some("v1"))]
    {
        mluvii.standin.begin(NewConversation {
            id: Some(id),
            tenant: Some(tenant),
            guest: Some(guest.to_owned()),
            gdpr_version: version.map(str::to_owned),
            channel_identity: Some(format!("ci-{id}")),
            tracked_id: Some(format!("cookie-{id}")),
            ..NewConversation::default()
        });
    }
    [1, 2].into_iter().for_each(|id| mluvii.standin.end(id).expect("known"));
    mluvii.standin.anonymize(2).expect("known");
    mluvii.behave(switches).await;
    mluvii
}

#[tokio::test]
async fn every_filter_filters() {
    let mluvii = four(json!({})).await;
    let soon = mluvii.standin.now() + jiff::SignedDuration::from_hours(1);
    for (query, ids) in [
        ("SessionId=0", &[][..]),
        ("SessionId=3", &[3]),
        ("sessionid=1&SESSIONID=3", &[3, 1]),
        ("SessionId=1,4,99", &[4, 1]),
        ("ClientId=g-1", &[4, 1]),
        ("ClientId=g-3,g-1", &[4, 3, 1]),
        ("ChannelIdentityId=ci-3", &[3]),
        ("GDPRVersion=v1&GDPRVersion=v2", &[4, 2, 1]),
        ("DepartmentId=61", &[1]),
        ("Created.Max=2020-01-01T00:00:00.000Z", &[]),
        ("Created.Min=2020-01-01T00:00:00.000Z", &[4, 3, 2, 1]),
        ("Ended.Min=2020-01-01T00:00:00.000Z", &[2, 1]),
        ("Ended.Null=true", &[4, 3]),
        (&format!("Ended.Max={soon}"), &[2, 1]),
        (&format!("Ended.Min={soon}"), &[]),
        ("Anonymized.Null=false", &[2]),
        ("Anonymized.Null=true", &[4, 3, 1]),
        ("Anonymized.Min=2020-01-01T00:00:00.000Z", &[2]),
        ("Anonymized.Max=2020-01-01T00:00:00.000Z", &[]),
        ("SessionId=1,2&Anonymized.Null=true", &[1]),
        ("Unknown=1", &[4, 3, 2, 1]),
    ] {
        assert_eq!(mluvii.listed(query).await, ids, "{query}");
    }
}

#[tokio::test]
async fn an_ignored_filter_answers_with_everything() {
    let mluvii = four(json!({ "ignored_filters": ["sessionid", "Anonymized.Null", "Ended"] })).await;
    for query in ["SessionId=0", "Anonymized.Null=false", "Ended.Max=2020-01-01T00:00:00Z", "Ended.Null=true"] {
        assert_eq!(mluvii.listed(query).await, [4, 3, 2, 1], "{query}");
    }
    assert_eq!(mluvii.listed("Anonymized.Min=2020-01-01T00:00:00Z").await, [2], "only the named one is ignored");
    assert_eq!(mluvii.listed("ClientId=g-3").await, [3]);
    mluvii.behave(json!({ "ignored_filters": null })).await;
    assert!(mluvii.listed("SessionId=0").await.is_empty());
}

#[tokio::test]
async fn a_client_is_the_id_that_was_chosen() {
    let mluvii = four(json!({ "client_id_is": "tracked_id" })).await;
    assert!(mluvii.listed("ClientId=g-1").await.is_empty());
    assert_eq!(mluvii.listed("ClientId=cookie-3").await, [3]);
}

#[tokio::test]
async fn a_limit_is_capped_or_refused() {
    let mluvii = four(json!({ "limit_max": 2 })).await;
    assert_eq!(mluvii.listed("limit=3").await, [4, 3]);
    assert_eq!(mluvii.listed("").await, [4, 3]);
    mluvii.behave(json!({ "over_limit": "refused" })).await;
    assert_eq!(mluvii.api(Method::GET, "/Sessions?limit=3", Value::Null).await.0, 400);
    assert_eq!(mluvii.listed("limit=2&offset=2").await, [2, 1]);
}

#[tokio::test]
async fn a_list_has_the_order_that_was_chosen() {
    let mluvii = four(json!({ "order": "oldest_first" })).await;
    assert_eq!(mluvii.listed("").await, [1, 2, 3, 4]);
    mluvii.behave(json!({ "order": "unsorted" })).await;
    let unsorted = mluvii.listed("").await;
    assert_eq!(unsorted, mluvii.listed("").await, "it can be paged through");
    assert!(unsorted != [1, 2, 3, 4] && unsorted != [4, 3, 2, 1], "{unsorted:?}");
}

#[tokio::test]
async fn a_list_holds_whole_sessions_unless_it_is_short_or_wrapped() {
    let mluvii = four(json!({})).await;
    let list = async || plain(mluvii.api(Method::GET, "/Sessions?SessionId=1", Value::Null).await.1);
    assert_eq!(list().await[0]["guest"]["identity"], "g-1");
    mluvii.behave(json!({ "listed": "short", "list_shape": "wrapped" })).await;
    let wrapped = list().await;
    let session = wrapped["sessions"][0].as_object().expect("a session");
    assert_eq!(wrapped["totalCount"], 1);
    assert_eq!(session.keys().collect::<Vec<_>>(), ["channel", "ended", "id", "source", "started"]);
}
