use std::collections::BTreeSet;

use quietus_plugin::identity::Region;

use super::*;
use crate::mluvii::settings::SearchSettings;
use crate::subject::{GuestId, Identifier, Identifiers, Kind, TenantId};

const CONTACTS: &str =
    "GET /api/v1/Contacts?departmentId={department}&filterField={field}&filterValue={value}&limit=200&offset={offset}";
pub(super) const SESSIONS: &str = "GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}";

async fn searching() -> Mluvii {
    let mut mluvii = Mluvii::start().await;
    let fields = [(Kind::Email, "mail".to_owned()), (Kind::Phone, "phone".to_owned())];
    mluvii.settings.search = Some(SearchSettings {
        contacts: Some(CONTACTS.into()),
        fields: fields.into(),
        sessions_of_guest: Some(SESSIONS.into()),
    });
    mluvii
}

fn czech() -> Option<Region> {
    "CZ".parse().ok()
}

fn person(identifiers: &[(Kind, &str)]) -> Identifiers {
    Identifiers(identifiers.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value)).collect())
}

fn guests<const N: usize>(ids: [&str; N]) -> BTreeSet<GuestId> {
    ids.map(|id| GuestId(id.to_owned())).into()
}

fn contact(mluvii: &Mluvii, department: i64, id: &str, field: &str, value: &str) {
    let record = json!({ "id": id, "data": { field: [value] } });
    mluvii.server.held().contacts.push((department, record));
}

async fn search(mluvii: &Mluvii, identifiers: &[(Kind, &str)]) -> Result<Option<BTreeSet<GuestId>>, MluviiError> {
    mluvii.client().contacts_of_person(&person(identifiers), &[TenantId(62)], czech()).await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, MluviiError>, expected: &str) {
    let Err(MluviiError::Refused(text)) = result else { panic!("{result:?}") };
    assert!(text.contains("the list is refused") && text.contains(expected), "{text}");
    assert!(!text.contains("ann@") && !text.contains("777"), "no value is shown: {text}");
}

#[tokio::test]
async fn searching_is_off_unless_it_is_set_up() {
    let mluvii = Mluvii::start().await;
    assert_eq!(search(&mluvii, &[(Kind::Email, "ann@x.cz")]).await, Ok(None));
    assert_eq!(mluvii.client().sessions_of_guest(&GuestId("7".into()), []).await, Ok(None));
    assert!(mluvii.server.held().calls.is_empty());
}

#[tokio::test]
async fn a_person_is_found_by_contacts_and_then_by_their_sessions() {
    let mluvii = searching().await;
    let sessions: BTreeSet<_> = (0..3).map(|_| mluvii.conversation("7", "ann@x.cz")).collect();
    mluvii.conversation("8", "bob@x.cz");
    contact(&mluvii, 62, "7", "mail", "ann@x.cz");
    contact(&mluvii, 62, "8", "mail", "bob@x.cz");
    mluvii.server.held().page_max = Some(2);
    assert_eq!(search(&mluvii, &[(Kind::Email, "Ann@X.cz")]).await, Ok(Some(guests(["7"]))));
    let listed = mluvii.client().sessions_of_guest(&GuestId("7".into()), []).await;
    assert_eq!(listed, Ok(Some(sessions)), "to the last page");
}

#[tokio::test]
async fn a_phone_is_searched_in_its_spellings() {
    let mluvii = searching().await;
    contact(&mluvii, 62, "7", "phone", "+420777123456");
    let found = search(&mluvii, &[(Kind::Phone, "777 123 456")]).await;
    assert_eq!(found, Ok(Some(guests(["7"]))));
}

#[tokio::test]
async fn nothing_to_search_by_or_in_is_no_search() {
    let mluvii = searching().await;
    assert_eq!(search(&mluvii, &[(Kind::Name, "Ann")]).await, Ok(None));
    assert_eq!(search(&mluvii, &[(Kind::Phone, "n/a")]).await, Ok(None));
    let nowhere = mluvii.client().contacts_of_person(&person(&[(Kind::Email, "ann@x.cz")]), &[], czech()).await;
    assert_eq!(nowhere, Ok(None));
    assert!(mluvii.server.held().calls.is_empty());
}

#[tokio::test]
async fn a_request_without_a_department_searches_all_of_them() {
    let mut mluvii = searching().await;
    let text = CONTACTS.replace("departmentId={department}&", "");
    mluvii.settings.search.as_mut().expect("set up").contacts = Some(text);
    contact(&mluvii, 63, "7", "mail", "ann@x.cz");
    let found = mluvii.client().contacts_of_person(&person(&[(Kind::Email, "ann@x.cz")]), &[], czech()).await;
    assert_eq!(found, Ok(Some(guests(["7"]))));
}

#[tokio::test]
async fn the_filters_are_proved_at_each_use() {
    let mluvii = searching().await;
    mluvii.conversation("7", "ann@x.cz");
    contact(&mluvii, 62, "7", "mail", "ann@x.cz");
    let client = mluvii.client();
    for uses in 1..=2 {
        let identifiers = person(&[(Kind::Email, "ann@x.cz")]);
        let (found, calls) = counted(client.contacts_of_person(&identifiers, &[TenantId(62)], None)).await;
        assert_eq!(found, Ok(Some(guests(["7"]))));
        assert_eq!(calls, 2, "control requests are counted apart");
        assert_eq!(mluvii.server.calls_of("quietus.invalid"), uses);
        client.sessions_of_guest(&GuestId("7".into()), []).await.expect("listed");
        assert_eq!(mluvii.server.calls_of("ClientId=9007199254740991"), uses);
    }
}

#[tokio::test]
async fn a_filter_that_is_ignored_refuses_the_list() {
    let mluvii = searching().await;
    mluvii.conversation("7", "ann@x.cz");
    contact(&mluvii, 62, "7", "mail", "ann@x.cz");
    mluvii.server.held().ignored.insert("filterValue");
    refused(search(&mluvii, &[(Kind::Email, "ann@x.cz")]).await, "an impossible value lists contacts");
    mluvii.server.held().ignored = BTreeSet::from(["ClientId"]);
    refused(mluvii.client().sessions_of_guest(&GuestId("7".into()), []).await, "an impossible id lists sessions");
}

#[tokio::test]
async fn one_foreign_contact_refuses_the_list() {
    let mluvii = searching().await;
    mluvii.conversation("7", "ann@x.cz");
    let foreign = json!([
        { "id": "7", "data": { "mail": ["ann@x.cz"] } }, { "id": "8", "data": { "mail": ["joann@x.cz"] } },
    ]);
    mluvii.server.fail("filterValue=ann", 1, Wrong::Body(foreign.to_string()));
    refused(search(&mluvii, &[(Kind::Email, "ann@x.cz")]).await, "does not carry what was searched for");
}

#[tokio::test]
async fn a_list_of_sessions_that_does_not_name_the_guest_is_refused() {
    let mluvii = searching().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let foreign = json!([{ "id": session.0, "guest": { "identity": "7" } }, { "id": 2, "guest": { "identity": "8" } }]);
    mluvii.server.fail("ClientId=7", 1, Wrong::Body(foreign.to_string()));
    refused(client.sessions_of_guest(&GuestId("7".into()), []).await, "does not name the guest");
    mluvii.server.held().short_lists = true;
    refused(client.sessions_of_guest(&GuestId("7".into()), []).await, "does not name the guest");
}

#[tokio::test]
async fn a_filter_that_finds_nobody_is_refused_while_a_session_names_the_guest() {
    let mluvii = searching().await;
    let known = mluvii.conversation("7", "ann@x.cz");
    mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let listed = async || client.sessions_of_guest(&GuestId("7".into()), [known]).await;
    assert_eq!(listed().await.map(|listed| listed.map(|all| all.len())), Ok(Some(2)));
    // As where the filter means another id than the one that a session shows.
    mluvii.server.fail("ClientId=7", 1, Wrong::Body("[]".to_owned()));
    refused(listed().await, "a session that names the guest is not listed");
    // A session that mluvii has deleted since is in no list, and that is right.
    mluvii.server.held().sessions.clear();
    assert_eq!(listed().await, Ok(Some(BTreeSet::new())));
}

#[tokio::test]
async fn pages_that_repeat_refuse_the_list() {
    let mluvii = searching().await;
    for _ in 0..3 {
        mluvii.conversation("7", "ann@x.cz");
    }
    mluvii.server.held().page_max = Some(2);
    mluvii.server.held().ignored.insert("offset");
    refused(mluvii.client().sessions_of_guest(&GuestId("7".into()), []).await, "its pages overlap");
}

/// Lines of the log, kept.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_searched_by_stands_in_no_line_of_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(lines.finish());
    let mluvii = searching().await;
    mluvii.conversation("guest-7", "ann@x.cz");
    contact(&mluvii, 62, "guest-7", "mail", "ann@x.cz");
    let found = search(&mluvii, &[(Kind::Email, "ann@x.cz")]).await;
    assert!(matches!(found, Ok(Some(sessions)) if sessions.len() == 1));
    let log = String::from_utf8_lossy(&log.0.lock().expect("nobody panicked with it")).into_owned();
    assert!(log.contains("a control request"), "it is logged at all: {log}");
    for value in ["ann@", "ann%40", "guest-7"] {
        let line = log.lines().find(|line| line.contains(value));
        assert_eq!(line, None, "{value}");
    }
}

#[tokio::test]
async fn a_404_of_a_search_is_an_error() {
    let mluvii = searching().await;
    mluvii.conversation("7", "ann@x.cz");
    mluvii.server.fail("Contacts", 1, Wrong::Status(404));
    let failed = search(&mluvii, &[(Kind::Email, "ann@x.cz")]).await;
    assert!(matches!(&failed, Err(MluviiError::Away(text)) if text.contains("404")), "{failed:?}");
}

#[tokio::test]
async fn identifiers_go_over_tls_or_to_loopback_only() {
    let mut mluvii = searching().await;
    mluvii.settings.allow_plaintext = true;
    for (url, private) in [
        ("http://mluvii.example", false),
        ("https://mluvii.example", true),
        ("http://127.0.0.1:8081", true),
        ("http://[::1]:8081", true),
        ("http://localhost:8081", true),
        ("http://localhost.example", false),
    ] {
        mluvii.settings.base_url = url.into();
        let made = MluviiClient::new(&mluvii.settings, &read_secret).map(drop);
        assert_eq!(made.is_ok(), private, "{url}");
        let error = made.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(private || error.starts_with("mluvii.search.contacts: "), "{error}");
    }
}

#[test]
fn a_search_that_cannot_end_is_refused_by_its_setting() {
    let mut settings = settings_for("https://mluvii.example");
    let mut check = |contacts: Option<&str>, sessions: Option<&str>, expected: &str| {
        let fields = [(Kind::Email, "mail".to_owned())].into();
        let contacts = contacts.map(str::to_owned);
        let sessions = sessions.map(str::to_owned);
        settings.search = Some(SearchSettings { contacts, fields, sessions_of_guest: sessions });
        let error = MluviiClient::new(&settings, &read_secret).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(Some(CONTACTS), None, "mluvii.search.contacts: needs `fields`");
    check(None, Some("GET /api/v1/Sessions?ClientId={id}"), "where `{offset}` stands");
    check(Some("GET /api/v1/Contacts?value={value}&offset={offset}"), Some(SESSIONS), "where `{field}` stands");
}
