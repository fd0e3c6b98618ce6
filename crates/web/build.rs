//! Rebuilds this crate when the built assets change: new files have new names, which the compiler cannot know of.

fn main() {
    println!("cargo::rerun-if-changed=../../assets/dist");
}
