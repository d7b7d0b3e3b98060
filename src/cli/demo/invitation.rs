//! What can be tried while everything goes on running: with commands, and on the pages, where some made-up people have accounts.

use super::setup::DemoSetup;
use crate::access::{Role, Roles, one_time_password};
use crate::cli::context::actor;
use crate::cli::exit::Failure;
use crate::cli::out::Out;
use crate::keys::Secret;
use crate::operations::accounts::{self, AccountRequest};

/// An account of each role, called by it.
const PEOPLE: [(&str, &str, Role); 3] = [
    ("officer", "Ema Pověřená", Role::Officer),
    ("approver", "Adam Schvalující", Role::Approver),
    ("operator", "Ota Obsluha", Role::Operator),
];

/// Has accounts made, and says where to sign in and what else to try.
pub(super) async fn invite(stage: &DemoSetup, out: &mut Out) -> Result<(), Failure> {
    // One for all three, as nobody remembers more for an afternoon. It is random, and kept nowhere in clear: whoever else can reach
    // the port from this machine does not come in by it.
    let password = one_time_password();
    open_pages(stage, &password).await?;
    let DemoSetup { mluvii_url, crm_url, quietus, pages, .. } = stage;
    let config = stage.folder().join("quietus.toml");
    let config = config.display();
    let names = PEOPLE.map(|(name, ..)| name).join(", ");
    out.line("\nEverything goes on running; end it with Ctrl-C. Try:")?;
    out.line(format_args!("  {pages}/   sign in as one of {names}; password: {}", password.expose()))?;
    out.line(format_args!(
        "  curl {mluvii_url}/standin/conversations --json '{{\"id\":201,\"tenant\":62,\"call_params\":[{{\"name\":\"oo1_guest_email\",\"value\":\"dana@example.com\",\"source\":\"ENTRY_FORM\"}}]}}'"
    ))?;
    out.line(format_args!("  curl -X POST {mluvii_url}/standin/conversations/201/end"))?;
    out.line(format_args!("  curl -X POST {mluvii_url}/standin/conversations/201/conclude"))?;
    out.line(format_args!("  curl '{mluvii_url}/standin/search?text=dana'"))?;
    out.line(format_args!("  curl '{crm_url}/standin/search?text=alena'"))?;
    out.line(format_args!("  curl {quietus}/readyz"))?;
    out.line(format_args!("  quietus --config {config} erasures list"))?;
    out.line(format_args!("  quietus --config {config} erase --email alena.novakova@example.com --dry-run"))?;
    out.line(format_args!("  quietus --config {config} tokens issue officer --role officer --for trying"))?;
    out.line(format_args!("  curl -H 'Authorization: Bearer THE_TOKEN' {pages}/api/v1/erasures"))?;
    Ok(())
}

async fn open_pages(stage: &DemoSetup, password: &Secret) -> Result<(), Failure> {
    let by = actor();
    for (name, shown_as, role) in PEOPLE {
        let request = AccountRequest {
            name: name.parse().expect("it is short and plain"),
            shown_as: shown_as.to_owned(),
            roles: Roles::of([role]).expect("it has one"),
            companies: Vec::new(),
            password: Some(Secret::new(password.expose())),
        };
        accounts::add(&stage.operations, request, &by).await?;
    }
    Ok(())
}
