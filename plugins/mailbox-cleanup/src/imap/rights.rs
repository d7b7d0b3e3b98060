//! Whether an account may erase at all. By RFC 4314, 5.2, a folder that is opened says which rights there are in it, without the extension
//! that names them; only that the right to expunge is missing shows later.

use quietus_plugin::PluginError;

use super::account::Folders;
use super::folders::Folder;
use super::opened::{For, open, refused_to_open};
use super::session::Session;

/// So many folders are tried: most accounts may erase in the first.
const TRIED_MAX: usize = 50;

/// One folder in which the account may erase is enough: what another one refuses is told when somebody's messages are in it.
pub(super) fn may_erase(session: &mut Session<'_>, folders: &Folders) -> Result<(), PluginError> {
    if let Some(target) = &folders.target
        && open(session, target, For::Changing)?.is_ok_and(|opened| opened.read_only)
    {
        let text = "the folder of `move_to` is read-only (it lacks the right `i` of RFC 4314)";
        return Err(PluginError::needs_operator(text));
    }
    let (first, others): (Vec<_>, Vec<_>) = folders.searched.iter().partition(|folder| folder.is_inbox());
    let tried: Vec<_> = first.into_iter().chain(others).take(TRIED_MAX).collect();
    let mut why = None;
    for folder in &tried {
        match lacks(session, folder)? {
            None => return Ok(()),
            Some(lacking) => why = why.or(Some(lacking)),
        }
    }
    let text = format!("the account may not erase in any of its {} folders that were tried: ", tried.len());
    Err(PluginError::needs_operator(text + &why.unwrap_or_default()))
}

/// Why the account may not erase in a folder.
fn lacks(session: &mut Session<'_>, folder: &Folder) -> Result<Option<String>, PluginError> {
    let opened = match open(session, folder, For::Changing) {
        Ok(opened) => opened,
        Err(error) if session.is_lost() => return Err(error),
        Err(error) => return Ok(Some(error.message)),
    };
    Ok(match opened {
        Ok(opened) if opened.read_only => {
            Some("it is read-only (of RFC 4314's rights, it lacks `t`, `e` and more)".into())
        }
        Ok(opened) if !opened.marks => {
            Some("messages cannot be marked as deleted (it lacks the right `t` of RFC 4314)".into())
        }
        Ok(_) => None,
        Err(refusal) => Some(refused_to_open(&refusal).message),
    })
}
