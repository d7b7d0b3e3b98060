use super::super::found::{Found, FoundId};
use super::*;

struct ServedCrm {
    crm: Crm,
    url: String,
    http: Client,
    _shutdown: tokio_util::sync::DropGuard,
}

impl ServedCrm {
    async fn start() -> Self {
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let crm = Crm::new(Secret::new("the-token"));
        let url = crm.serve(listener, shutdown.clone()).expect("serves").url;
        Self { crm, url, http: http_client(), _shutdown: shutdown.drop_guard() }
    }

    async fn call(&self, method: Method, path: &str) -> (u16, Value) {
        answer(self.http.request(method, format!("{}{path}", self.url)).bearer_auth("the-token")).await
    }

    fn add(&self, email: &str) -> i64 {
        self.crm.add(Contact { email: email.to_owned(), ..Contact::default() })
    }
}

#[tokio::test]
async fn a_search_finds_parts_in_any_case_and_comes_in_pages() {
    let served = ServedCrm::start().await;
    let ids = ["Ann@x.cz", "joann@x.cz", "bob@x.cz", "ann@x.cz"].map(|email| served.add(email));
    let (status, first) = served.call(Method::GET, "/contacts?email=ann%40x.cz").await;
    assert_eq!(status, 200);
    let ids_of = |page: &Value| -> Vec<_> {
        page["contacts"].as_array().expect("a list").iter().filter_map(|contact| contact["id"].as_i64()).collect()
    };
    assert_eq!(ids_of(&first), [ids[0], ids[1]]);
    let next = first["next"].as_str().expect("a next page");
    let (_, second) = served.call(Method::GET, &format!("/contacts?email=ann%40x.cz&page={next}")).await;
    assert_eq!((ids_of(&second), &second["next"]), (vec![ids[3]], &Value::Null));
    assert_eq!(served.call(Method::GET, "/contacts?page=2").await.0, 400);
    assert_eq!(served.call(Method::GET, "/contacts?page=after-9223372036854775807").await.0, 200);
}

#[tokio::test]
async fn a_contact_is_deleted_once_and_gone() {
    let served = ServedCrm::start().await;
    let id = served.add("ann@x.cz");
    assert_eq!(served.crm.find("ANN@").len(), 1);
    served.crm.add_fault(Fault { path: "contacts".into(), times: Some(1), kind: FaultKind::AcceptedButNotDone });
    let path = format!("/contacts/{id}");
    let statuses = [
        served.call(Method::DELETE, &path).await.0,
        served.call(Method::DELETE, &path).await.0,
        served.call(Method::DELETE, &path).await.0,
    ];
    assert_eq!(statuses, [204, 204, 404], "the first was accepted and not done");
    let (_, found) = answer(served.http.get(format!("{}/standin/search?text=ann", served.url))).await;
    assert_eq!(found, json!([]));
    assert_eq!(served.crm.calls().len(), 3);
}

#[tokio::test]
async fn a_contact_is_created_over_http_by_those_who_may() {
    let served = ServedCrm::start().await;
    let create = |token: &str| {
        let request = served.http.post(format!("{}/contacts", served.url)).bearer_auth(token);
        answer(request.json(&json!({ "email": "ann@x.cz", "notes": "likes cats" })))
    };
    assert_eq!(create("other").await.0, 401);
    assert_eq!(create("the-token").await, (201, json!({ "id": 1 })));
    assert_eq!(served.crm.find("cats"), [Found { id: FoundId::Number(1), place: "notes" }]);
}
