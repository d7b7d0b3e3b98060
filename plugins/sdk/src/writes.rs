//! The leave to change something, which a dry run does not get.

use std::marker::PhantomData;

use crate::Request;

/// The leave to change something for one request. Ask [`Request::writes`] for it, and let what deletes demand it: then
/// "a dry run changes nothing" is checked by the compiler. The HTTP client's `Request` does so, too.
///
/// ```
/// use quietus_plugin::{Request, Writes};
///
/// fn delete(file: &std::path::Path, _: Writes<'_>) -> std::io::Result<()> {
///     std::fs::remove_file(file)
/// }
///
/// let real = Request::from([("guest_id", "g-7")]);
/// let file = std::env::temp_dir().join("quietus-writes-example");
/// std::fs::write(&file, "{}")?;
/// if let Some(writes) = real.writes() {
///     delete(&file, writes)?;
/// }
/// assert!(!file.exists());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Writes<'r>(PhantomData<&'r Request>);

impl Request {
    /// The leave to change something: none in a dry run, which is answered with what would go.
    ///
    /// ```
    /// use quietus_plugin::{Answer, Request};
    ///
    /// fn erase(request: &Request, found: &mut Vec<u32>) -> Answer {
    ///     let count = found.len() as u64;
    ///     let Some(_writes) = request.writes() else { return Answer::residual().count("contacts", count) };
    ///     found.clear();
    ///     Answer::erased().count("contacts", count)
    /// }
    ///
    /// let (request, mut found) = (Request::from([("email", "ann@x.cz")]), vec![1, 2]);
    /// assert_eq!(erase(&Request { dry_run: true, ..request.clone() }, &mut found), Answer::residual().count("contacts", 2));
    /// assert_eq!(erase(&request, &mut found), Answer::erased().count("contacts", 2));
    /// ```
    pub fn writes(&self) -> Option<Writes<'_>> {
        (!self.dry_run).then_some(Writes(PhantomData))
    }
}
