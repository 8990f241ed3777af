//! Uses a handle that it was never given, in the way that its arguments say (`block 4711`): it traps.
#![cfg(target_family = "wasm")]

use hostile::{Failure, Hostile, never, say};

#[link(wasm_import_module = "wasi:io/poll@0.2.4")]
unsafe extern "C" {
    #[link_name = "[method]pollable.block"]
    fn block(handle: u32);
    #[link_name = "[method]pollable.ready"]
    fn ready(handle: u32) -> u32;
    #[link_name = "[resource-drop]pollable"]
    fn release(handle: u32);
    #[link_name = "poll"]
    fn poll(handles: *const u32, count: usize, answer: *mut [usize; 2]);
}

#[derive(Default)]
struct HandleForged;

impl Hostile for HandleForged {
    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let args = String::from_utf8_lossy(&args);
        let (how, number) = args.split_once(' ').unwrap_or((&args, ""));
        let forged: u32 = number.parse().unwrap_or(0);
        let mine = never().take_handle();
        // SAFETY: numbers; what they mean is the host's to judge. The list and the answer outlive their call.
        unsafe {
            match how {
                "block" => block(forged),
                "ready" => drop(ready(forged)),
                "drop" => release(forged),
                _ => poll([mine, forged].as_ptr(), 2, &mut [0, 0]),
            }
        }
        say("it was taken")
    }
}

hostile::export!(HandleForged);
