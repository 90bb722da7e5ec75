//! Time of one call of each sampler, at random energies and deviates, in bone.

use std::hint::black_box;

use childsize::data::material::Material;
use childsize::physics::compton::ComptonSampler;
use childsize::physics::cross_section::Attenuation;
use childsize::physics::photoelectric::KFluorescence;
use childsize::physics::rayleigh::RayleighSampler;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const CALLS: usize = 4096;

/// Energies of 20 to 120 keV and deviates.
fn inputs() -> Vec<(f32, f32)> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    (0..CALLS).map(|_| (20.0 + 100.0 * rng.random::<f32>(), rng.random())).collect()
}

fn samplers(criterion: &mut Criterion) {
    let bone = Material::named("bone_cortical").expect("a material of the library");
    let iodine = Material::named("iodine").expect("a material of the library");
    let (compton, rayleigh) = (ComptonSampler::new(&bone), RayleighSampler::new(&bone));
    let fluorescence = KFluorescence::new(&iodine);
    let inputs = inputs();
    let mut group = criterion.benchmark_group("samplers");
    group.throughput(Throughput::Elements(CALLS as u64));
    let mut time = |name: &str, sample: &dyn Fn(f32, f32) -> f32| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for &(energy_kev, u) in &inputs {
                    black_box(sample(energy_kev, u));
                }
            });
        });
    };
    time("compton", &|e, u| compton.sample_cosine(e, u));
    time("rayleigh", &|e, u| rayleigh.sample_cosine(e, u));
    time("k_fluorescence", &|e, u| fluorescence.sample_line_kev(e, u).unwrap_or(0.0));
    group.finish();
}

fn preparation(criterion: &mut Criterion) {
    let bone = Material::named("bone_cortical").expect("a material of the library");
    criterion.bench_function("prepare/attenuation", |b| b.iter(|| Attenuation::new(black_box(&bone))));
    criterion.bench_function("prepare/compton", |b| b.iter(|| ComptonSampler::new(black_box(&bone))));
    criterion.bench_function("prepare/rayleigh", |b| b.iter(|| RayleighSampler::new(black_box(&bone))));
    let attenuation = Attenuation::new(&bone);
    criterion.bench_function("mu_over_rho", |b| b.iter(|| attenuation.mu_over_rho_cm2_g(black_box(61.3))));
}

criterion_group!(benches, samplers, preparation);
criterion_main!(benches);
