//! Results compared to the bit: every dataset, and the summary less its times.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, Group, H5Type};
use serde_json::Value;

/// Keys of times and places, which a result may differ in.
const TIMES: [&str; 6] = ["wall_s", "cpu_s", "histories_per_cpu_s", "created", "threads", "command_line"];

/// Every dataset of a result by name, as bytes; text datasets as text, the summary without times.
pub fn datasets(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = hdf5::File::open(path).unwrap();
    let mut found = BTreeMap::new();
    collect(&file, &mut found);
    assert!(found.len() > 20, "{} datasets", found.len());
    found
}

fn collect(group: &Group, found: &mut BTreeMap<String, Vec<u8>>) {
    for set in group.datasets().unwrap() {
        let name = set.name();
        // Digests of what holds times differ with them.
        if name.starts_with("/digests/") {
            continue;
        }
        let mut bytes = bytes(&set);
        if name == "/summary/json" {
            bytes = timeless(serde_json::from_slice(&bytes).unwrap()).to_string().into_bytes();
        }
        found.insert(name, bytes);
    }
    group.groups().unwrap().iter().for_each(|group| collect(group, found));
}

fn bytes(set: &Dataset) -> Vec<u8> {
    fn raw<T: H5Type>(set: &Dataset) -> Vec<u8> {
        let values = set.read_raw::<T>().unwrap();
        // The bits of plain numbers, as they lie in memory.
        #[allow(unsafe_code)]
        let bytes = unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values.as_slice()))
        };
        bytes.to_vec()
    }
    match set.dtype().unwrap().to_descriptor().unwrap() {
        TypeDescriptor::VarLenUnicode => {
            let texts = set.read_raw::<VarLenUnicode>().unwrap();
            texts.iter().flat_map(|text| text.as_str().bytes().chain([b'\n'])).collect()
        }
        other if other == f64::type_descriptor() => raw::<f64>(set),
        other if other == f32::type_descriptor() => raw::<f32>(set),
        other if other == u64::type_descriptor() => raw::<u64>(set),
        other if other == u32::type_descriptor() => raw::<u32>(set),
        other if other == u16::type_descriptor() => raw::<u16>(set),
        other if other == u8::type_descriptor() => raw::<u8>(set),
        other if other == i64::type_descriptor() => raw::<i64>(set),
        other if other == i32::type_descriptor() => raw::<i32>(set),
        other => panic!("{}: {other:?}", set.name()),
    }
}

fn timeless(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !TIMES.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key, timeless(value))).collect())
        }
        Value::Array(values) => values.into_iter().map(timeless).collect(),
        other => other,
    }
}

/// Fails with the names of the datasets that differ.
pub fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (datasets(one), datasets(other));
    assert!(one.keys().eq(other.keys()), "they differ in what they hold");
    let differing: Vec<&String> = one.keys().filter(|&name| one[name] != other[name]).collect();
    assert!(differing.is_empty(), "{differing:?}");
}
