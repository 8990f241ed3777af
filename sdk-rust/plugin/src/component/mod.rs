//! The component side: what `export_plugin!` expands to stands on these parts. Hidden from the
//! documentation: authors meet the macro, the macro meets this.

/// What `wit/` says, as Rust.
#[allow(missing_docs, unreachable_pub, clippy::undocumented_unsafe_blocks)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "runner-plugin",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_runner",
    });
}

pub(crate) mod feed;
mod panic;
mod runner;

use std::cell::RefCell;

/// Where a component keeps the object of one or more facets. Implemented by `export_plugin!`.
pub trait Exported {
    /// The object as its facets' traits.
    type Object: ?Sized;

    /// Enters the plugin: calls `call` with the object, which is made if this is the first time.
    fn with<R>(call: impl FnOnce(&mut Self::Object) -> R) -> R;
}

/// The object of an instance, or the place for it.
pub struct Slot<T: ?Sized>(RefCell<Option<Box<T>>>);

impl<T: ?Sized> Slot<T> {
    /// A slot whose object is yet to be made.
    pub const fn empty() -> Self {
        Self(RefCell::new(None))
    }

    /// Calls `call` with the object. The panic hook and the log are in place before `make` runs, so
    /// that a constructor's panic is reported like any other.
    ///
    /// The host does not re-enter an instance and throws it away after a panic, so the object is
    /// never borrowed twice.
    pub fn enter<R>(&self, make: impl FnOnce() -> Box<T>, call: impl FnOnce(&mut T) -> R) -> R {
        panic::report_to_host();
        crate::log::scope(|| call(self.0.borrow_mut().get_or_insert_with(make)))
    }
}
