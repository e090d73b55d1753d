"""What benchmarks and training share: the material, exams, folds, tables, fair timings."""
