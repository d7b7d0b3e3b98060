//! What there is of a key, or below one: reads a listing page by page, and keeps only what is exactly meant. The storage's own
//! filter is a prefix, which means more than itself.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>

use quietus_plugin::{Call, PluginError};

use super::bucket::Bucket;
use super::xml::{self, Element};

/// The most entries of one page.
const PAGE: u64 = 1000;
/// Pages without anything that is meant, beyond which a listing has no end.
const PAGES_BESIDE_MAX: u64 = 20;

/// Which keys are meant.
#[derive(Clone, Copy)]
pub(super) enum Scope<'k> {
    Exactly(&'k str),
    /// All that begin with it; it ends in `/`.
    Below(&'k str),
}

/// What is listed.
#[derive(Clone, Copy)]
pub(super) enum Listing {
    /// Versions and delete markers; where a bucket has no versions, the objects.
    Versions,
    /// Uploads that were begun and not completed.
    Uploads,
}

/// A version, a delete marker or an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) key: String,
    pub(super) id: String,
    /// When it was made, in the storage's words: what tells it from a later one where there are no versions.
    pub(super) made: String,
}

impl Listing {
    fn flag(self) -> &'static str {
        match self {
            Self::Versions => "versions",
            Self::Uploads => "uploads",
        }
    }

    /// The right that it needs.
    fn right(self) -> &'static str {
        match self {
            Self::Versions => "`s3:ListBucketVersions` on the bucket",
            Self::Uploads => "`s3:ListBucketMultipartUploads` on the bucket",
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Versions => "ListVersionsResult",
            Self::Uploads => "ListMultipartUploadsResult",
        }
    }

    fn entries(self) -> &'static [&'static str] {
        match self {
            Self::Versions => &["Version", "DeleteMarker"],
            Self::Uploads => &["Upload"],
        }
    }

    /// The names of an entry's id, and of its date.
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Versions => ("VersionId", "LastModified"),
            Self::Uploads => ("UploadId", "Initiated"),
        }
    }

    /// The names of the second marker: of the next page's query, and in the answer.
    fn markers(self) -> (&'static str, &'static str) {
        match self {
            Self::Versions => ("version-id-marker", "NextVersionIdMarker"),
            Self::Uploads => ("upload-id-marker", "NextUploadIdMarker"),
        }
    }

    fn page(self) -> &'static str {
        match self {
            Self::Versions => "max-keys",
            Self::Uploads => "max-uploads",
        }
    }
}

impl Scope<'_> {
    fn prefix(&self) -> &str {
        match self {
            Self::Exactly(key) | Self::Below(key) => key,
        }
    }

    fn means(&self, key: &str) -> bool {
        match self {
            Self::Exactly(exact) => key == *exact,
            Self::Below(prefix) => key.starts_with(prefix),
        }
    }

    /// Listings are sorted, however: a key comes before all that begin with it, so that no more of it comes after one of these.
    fn ends_before(&self, key: &str) -> bool {
        match self {
            Self::Exactly(exact) => key > *exact,
            Self::Below(_) => false,
        }
    }
}

/// All that is meant; `left` is how many it may be.
pub(super) fn all(
    bucket: &Bucket,
    listing: Listing,
    scope: Scope<'_>,
    left: &mut u64,
    call: &Call,
) -> Result<Vec<Item>, PluginError> {
    let mut items = Vec::new();
    let mut markers: Option<(String, String)> = None;
    let mut beside = 0;
    loop {
        call.check()?;
        let page = ask(bucket, listing, scope.prefix(), markers.as_ref(), PAGE, call)?;
        let before = items.len();
        let mut past = false;
        for entry in listing.entries().iter().flat_map(|name| page.all(name)) {
            let item = item(entry, listing, &page)?;
            past |= scope.ends_before(&item.key);
            if scope.means(&item.key) {
                *left = left.checked_sub(1).ok_or_else(too_many)?;
                items.push(item);
            }
        }
        beside += u64::from(items.len() == before);
        match page.need("IsTruncated")? {
            "true" if !past => {}
            "true" | "false" => return Ok(items),
            _ => return Err(xml::garbage("`IsTruncated` is neither true nor false")),
        }
        if beside > PAGES_BESIDE_MAX {
            return Err(PluginError::needs_operator(
                "the storage lists without end; does it support versions by prefix?",
            ));
        }
        let key = xml::decoded(page.need("NextKeyMarker")?, &page)?;
        let next = (key, page.text(listing.markers().1).unwrap_or_default().to_owned());
        if markers.as_ref() == Some(&next) {
            return Err(xml::garbage("its next page is the same page"));
        }
        markers = Some(next);
    }
}

/// Whether the bucket can be listed at all.
pub(super) fn one(bucket: &Bucket, listing: Listing, prefix: &str, call: &Call) -> Result<(), PluginError> {
    ask(bucket, listing, prefix, None, 1, call).map(drop)
}

fn ask(
    bucket: &Bucket,
    listing: Listing,
    prefix: &str,
    markers: Option<&(String, String)>,
    most: u64,
    call: &Call,
) -> Result<Element, PluginError> {
    let most = most.to_string();
    // Encoded, as a key may hold characters that XML cannot: one such key would make the whole listing unreadable.
    let mut query = vec![(listing.flag(), ""), (listing.page(), &most), ("encoding-type", "url"), ("prefix", prefix)];
    if let Some((key, id)) = markers {
        query.push(("key-marker", key));
        if !id.is_empty() {
            query.push((listing.markers().0, id));
        }
    }
    query.sort_unstable();
    let answer = bucket.send(&bucket.get(None, &query)?, listing.right(), call)?;
    xml::parse(answer.body(), listing.root())
}

fn item(entry: &Element, listing: Listing, page: &Element) -> Result<Item, PluginError> {
    let (id, date) = listing.fields();
    Ok(Item {
        key: xml::decoded(entry.need("Key")?, page)?,
        id: entry.need(id)?.to_owned(),
        made: entry.text(date).unwrap_or_default().to_owned(),
    })
}

fn too_many() -> PluginError {
    PluginError::permanent(
        "one person has more versions and uploads here than `versions_max`; see whether `key` is too broad, or raise it",
    )
}
