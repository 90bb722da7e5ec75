//! The landmarks of stylised phantoms: what each name means.
//!
//! Heights are in the patient frame, whose origin in the Cristy-Eckerman family is the centre of the
//! base of the trunk. The 1987 files have no eyes and no trachea, hence no landmarks of them.

/// A landmark's name and what it means in a stylised phantom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// Key in protocols.
    pub name: &'static str,
    /// What the height is that of.
    pub meaning: &'static str,
}

const fn landmark(name: &'static str, meaning: &'static str) -> Landmark {
    Landmark { name, meaning }
}

/// Every landmark the shipped stylised phantoms know, from head to foot.
pub const LANDMARKS: [Landmark; 26] = [
    landmark("vertex", "top of the head, skin included"),
    landmark("brain_top", "top of the brain"),
    landmark("eyes", "centre of the lenses (files with a neck)"),
    landmark("brain_bottom", "bottom of the brain, a stand-in for the base of the skull"),
    landmark("chin", "bottom of the facial skeleton, a stand-in for the lower edge of the mandible"),
    landmark("thyroid_top", "top of the thyroid"),
    landmark("thyroid", "middle between the thyroid's top and bottom"),
    landmark("thyroid_bottom", "bottom of the thyroid, which is the top of the trunk"),
    landmark("shoulder", "top of the trunk"),
    landmark("lung_apex", "top of the lungs"),
    landmark("trachea_bottom", "bottom of the trachea, a stand-in for the carina (files with a neck)"),
    landmark("heart_top", "top of the heart, walls and contents"),
    landmark("liver_top", "top of the liver"),
    landmark("diaphragm", "base of the lungs; the model's domes are flat there"),
    landmark("heart_bottom", "bottom of the heart, walls and contents"),
    landmark("kidney_top", "top of the kidneys"),
    landmark("kidney_bottom", "bottom of the kidneys"),
    landmark("liver_bottom", "bottom of the liver"),
    landmark("iliac_crest", "top of the pelvis"),
    landmark("bladder_top", "top of the urinary bladder, wall included"),
    landmark("symphysis", "bottom of the urinary bladder: a stand-in, the model has no pubic bone in front"),
    landmark("ischium", "bottom of the pelvis"),
    landmark("trunk_base", "bottom of the trunk, where the legs begin; the origin"),
    landmark("genitalia_bottom", "bottom of the genitalia block, skin included"),
    landmark("leg_middle", "middle of the legs; the model has no knee"),
    landmark("sole", "bottom of the legs, skin included"),
];
