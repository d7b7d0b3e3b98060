//! Whether contacts can be searched and read.

use reqwest::Method;

use super::findings::Probe;
use super::sample::Sample;
use crate::mluvii::client::MluviiClient;
use crate::mluvii::settings::GuestIdField;
use crate::mluvii::template::percent_encode;
use crate::mluvii::wire;

/// The contact record's fields that may hold an e-mail address or a phone number, by kind.
const FIELDS: [(&str, &[&str]); 2] =
    [("email", &["email", "oo1_guest_email"]), ("phone", &["phone", "oo1_guest_phone"])];

/// Searches by a value that nobody has, and reads the contact of a sampled session.
pub(super) async fn look(client: &MluviiClient, sample: &Sample, probe: &mut Probe) {
    let Some(read) = sample.sessions.iter().find(|read| read.guest(GuestIdField::Identity).is_some()) else {
        probe.unknown("contact record", "no session that was read has a guest.identity");
        probe.unknown("contacts", "no session that was read has a guest.identity");
        return;
    };
    let fields =
        record(client, read.guest(GuestIdField::Identity).map(|guest| guest.0).unwrap_or_default(), probe).await;
    let Some(department) = read.department() else {
        probe.unknown("contacts", "the session has no departmentId to search in");
        return;
    };
    let mut proved = toml::Table::new();
    for (kind, field) in fields {
        let path = format!(
            "/api/v1/Contacts?departmentId={department}&filterField={field}&filterValue=nobody-quietus&limit=5&offset=0"
        );
        let tried = client.try_out(Method::GET, &path, "contacts").await.ok();
        let listed = tried.and_then(|tried| wire::contacts(&tried.body?));
        if listed.is_some_and(|listed| listed.is_empty()) {
            proved.insert(kind.to_owned(), field.into());
        }
    }
    if proved.is_empty() {
        probe.unknown("contacts", "no field of the contact record is known that can be searched by");
        return;
    }
    let kinds = proved.keys().cloned().collect::<Vec<_>>().join(", ");
    probe.ok("contacts", format!("an impossible value gives an empty list; fields are there for {kinds}"));
    let template = "GET /api/v1/Contacts?departmentId={department}&filterField={field}&filterValue={value}&limit=200&offset={offset}";
    probe.set("search.contacts", template.into());
    probe.set("search.fields", toml::Value::Table(proved));
}

/// Whether the contact of a guest can be read, and which of the known fields it has.
async fn record(client: &MluviiClient, guest: String, probe: &mut Probe) -> Vec<(&'static str, &'static str)> {
    let what = "contact record";
    let path = format!("/api/v1/Contacts/{}", percent_encode(&guest));
    let tried = client.try_out(Method::GET, &path, what).await;
    let contact = match tried {
        Ok(tried) => match tried.body.as_ref().and_then(|json| wire::contact(json)) {
            Some(contact) => contact,
            None => {
                probe
                    .unknown(what, format!("GET /api/v1/Contacts/{{id}} is answered {}, and no contact", tried.status));
                return Vec::new();
            }
        },
        Err(error) => {
            probe.unknown(what, error.to_string());
            return Vec::new();
        }
    };
    if contact.id.0 != guest {
        probe.warning(what, "guest.identity is not the contact's id");
        return Vec::new();
    }
    let found = FIELDS.into_iter().filter_map(|(kind, names)| {
        let name = names.iter().find(|name| contact.has(name))?;
        Some((kind, *name))
    });
    let found: Vec<_> = found.collect();
    let names = found.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    probe.ok(what, format!("guest.identity is the contact's id; of the known fields it has: {names}"));
    if !found.is_empty() {
        probe.set("look_up_contact", "GET /api/v1/Contacts/{id}".into());
    }
    found
}
