//! CPU-bound work as plugins do it, for `bench/meter.ts`: each export runs one workload so many times and answers
//! a checksum, by which the bench knows that metering changed nothing.

use std::fmt::Write;

use sha2::Digest;

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn orders(count: usize) -> String {
    let mut noise = Noise(42);
    let mut text = String::from("[");
    for index in 0..count {
        let separator = if index == 0 { "" } else { "," };
        let (price, id) = (noise.next() % 100_000, noise.next());
        write!(
            text,
            r#"{separator}{{"id":{id},"name":"order no. {index}","price":{}.{:02},"tags":["new","päid","\"quoted\""],"ok":{}}}"#,
            price / 100,
            price % 100,
            index % 3 == 0
        )
        .expect("a string takes what is written");
    }
    text.push(']');
    text
}

/// Parses and prints JSON.
#[unsafe(no_mangle)]
pub extern "C" fn json(rounds: u32) -> u32 {
    let text = orders(500);
    let mut sum = 0;
    for _ in 0..rounds {
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        sum += value.to_string().len() as u32;
    }
    sum
}

/// Compresses text, decompresses it, and hashes it.
#[unsafe(no_mangle)]
pub extern "C" fn deflate(rounds: u32) -> u32 {
    let text = orders(500);
    let mut sum = 0u32;
    for _ in 0..rounds {
        let small = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
        let back = miniz_oxide::inflate::decompress_to_vec(&small).expect("it was compressed");
        sum = sum.wrapping_add(u32::from(back[back.len() / 2]) + small.len() as u32);
    }
    sum
}

/// Hashes with SHA-256.
#[unsafe(no_mangle)]
pub extern "C" fn sha256(rounds: u32) -> u32 {
    let text = orders(500);
    let mut sum = 0u32;
    for _ in 0..rounds {
        sum = sum.wrapping_add(u32::from(sha2::Sha256::digest(text.as_bytes())[0]));
    }
    sum
}

/// Finds matches of regular expressions.
#[unsafe(no_mangle)]
pub extern "C" fn regexes(rounds: u32) -> u32 {
    let text = orders(500);
    let patterns = [
        r#""price":(\d+)\.(\d\d)"#,
        r"order no\. [0-9]*7\b",
        r"(?i)[a-zä]{3,5}\w*d\b",
    ];
    let patterns = patterns.map(|pattern| regex::Regex::new(pattern).expect("it is a pattern"));
    let mut sum = 0;
    for _ in 0..rounds {
        sum += patterns
            .iter()
            .map(|pattern| pattern.find_iter(&text).count() as u32)
            .sum::<u32>();
    }
    sum
}

/// Sorts numbers and strings.
#[unsafe(no_mangle)]
pub extern "C" fn sort(rounds: u32) -> u32 {
    let mut sum = 0u32;
    for round in 0..rounds {
        let mut noise = Noise(u64::from(round) + 1);
        let mut numbers: Vec<u64> = (0..50_000).map(|_| noise.next()).collect();
        let mut words: Vec<String> = numbers
            .iter()
            .take(5_000)
            .map(|number| format!("{number:x}"))
            .collect();
        numbers.sort_unstable();
        words.sort();
        sum = sum
            .wrapping_add(numbers[100] as u32)
            .wrapping_add(u32::from(words[100].as_bytes()[3]));
    }
    sum
}

/// Multiplies matrices, in the order that is kind to caches.
#[unsafe(no_mangle)]
pub extern "C" fn matrix(rounds: u32) -> u32 {
    const SIZE: usize = 128;
    let mut noise = Noise(7);
    let mut make = || {
        (0..SIZE * SIZE)
            .map(|_| (noise.next() % 1000) as f64 / 1000.0)
            .collect::<Vec<_>>()
    };
    let (left, right) = (make(), make());
    let mut product = vec![0.0; SIZE * SIZE];
    for _ in 0..rounds {
        for (row, sums) in left.chunks_exact(SIZE).zip(product.chunks_exact_mut(SIZE)) {
            for (factor, column) in row.iter().zip(right.chunks_exact(SIZE)) {
                for (sum, value) in sums.iter_mut().zip(column) {
                    *sum += factor * value;
                }
            }
        }
    }
    product.iter().sum::<f64>() as u32
}
