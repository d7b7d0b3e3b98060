//! No secret stays in memory that was given back while a message with it was written.
#![expect(unsafe_code, reason = "an allocator that looks at what is given back")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use quietus_plugin::Sensitive;
use quietus_plugin::protocol::{HostMessage, encode, json};

const SECRET: &str = "hunter2-hunter2";

static LOOKS: AtomicBool = AtomicBool::new(false);
static FOUND: AtomicUsize = AtomicUsize::new(0);

struct Looking;

// SAFETY: all is done by the system's allocator; growing is what the trait does by default, by the two methods here.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that all of it may be looked at.
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKS.load(Ordering::Relaxed) {
            // SAFETY: the block is the caller's until it is given back below.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            if bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
                FOUND.fetch_add(1, Ordering::Relaxed);
            }
        }
        // SAFETY: it was allocated above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

#[test]
fn a_message_that_grows_leaves_no_secret_behind() {
    let secrets = [("token".to_owned(), Sensitive::new(SECRET))].into();
    let more = "x".repeat(100_000);
    let setup = HostMessage::Configure { config: serde_json::json!({ "a": SECRET, "b": more }), secrets };
    LOOKS.store(true, Ordering::Relaxed);
    drop((encode(&setup), json(&[SECRET, &more])));
    LOOKS.store(false, Ordering::Relaxed);
    assert_eq!(FOUND.load(Ordering::Relaxed), 0);
}
