//! Whether a text of the system repeats the credentials that it was sent, or a part of them. Redaction finds whole values only, and no
//! access token at all.

/// A run of so many bytes of a credential is no chance; of a shorter one, all of it.
const RUN: usize = 8;
/// How far into a text is looked; nobody is shown more.
const BYTES_MAX: usize = 1_000;

pub(super) fn repeats<'c>(text: &str, credentials: impl IntoIterator<Item = &'c [u8]>) -> bool {
    let text = text.as_bytes();
    let text = &text[..text.len().min(BYTES_MAX)];
    credentials.into_iter().filter(|credential| !credential.is_empty()).any(|credential| {
        let run = credential.len().min(RUN);
        credential.windows(run).any(|part| text.windows(run).any(|there| there == part))
    })
}
