//! The traits behind the facets that [`export_plugin!`](crate::export_plugin) knows, by the facet's
//! name. Hidden: only the macro's expansion speaks of it.

/// Runs jobs.
pub mod runner {
    pub use crate::plugin::MultiMethodPluginRunner as Plugin;
}
