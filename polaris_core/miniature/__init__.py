"""The miniature zoo: small trained models in the formats people have, out of stored weights.

What is stored is a narrow network in eight bits. What is written for users is an ordinary SD1.5
checkpoint or kohya LoRA in which the narrow network fills the first channels and the rest is zero.
"""
