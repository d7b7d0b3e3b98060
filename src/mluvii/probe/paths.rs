//! What can be known of the anonymizing paths without writing.

use reqwest::{Method, StatusCode};

use super::findings::Probe;
use crate::mluvii::client::MluviiClient;
use crate::mluvii::proofs::NOBODY;
use crate::mluvii::template::Template;

/// Asks each path for its verbs, and calls it with a verb that reads and an id that nobody has.
pub(super) async fn anonymizing(client: &MluviiClient, probe: &mut Probe) {
    look(client, "anonymize_session", &client.requests.anonymize_session, probe).await;
    look(client, "anonymize_guest", &client.requests.anonymize_guest, probe).await;
}

async fn look(client: &MluviiClient, what: &'static str, request: &Template, probe: &mut Probe) {
    let Some(path) = request.fill(&[NOBODY]) else { return };
    let verb = &request.method;
    let options = client.try_out(Method::OPTIONS, &path, what).await;
    if let Ok(tried) = &options
        && let Some(allow) = &tried.allow
    {
        let allows = allow.split(',').any(|one| one.trim().eq_ignore_ascii_case(verb.as_str()));
        return match allows {
            true => probe.ok(what, format!("{request}: OPTIONS names {verb} among the verbs of this path")),
            false => {
                probe.warning(what, format!("{request}: OPTIONS does not name {verb} among the verbs of this path"))
            }
        };
    }
    let wrong_verb = client.try_out(Method::GET, &path, what).await;
    let said = match wrong_verb.map(|tried| tried.status) {
        Ok(StatusCode::METHOD_NOT_ALLOWED) => "mluvii knows the path; its verb was not tried, as that would write",
        Ok(StatusCode::NOT_FOUND) => {
            "GET with an impossible id is answered 404, which says nothing; its verb was not tried, as that would write"
        }
        _ => "neither OPTIONS nor GET tells; its verb was not tried, as that would write",
    };
    probe.unknown(what, format!("{request}: {said}"));
}
