//! The build script of every test plugin without messages of its own (`build = "../support/build.rs"`).

fn main() {
    bulkhead_build::link();
}
