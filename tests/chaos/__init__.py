"""Kill -9 and a cutting proxy on real processes and the real Firestore engine: `make chaos`."""
