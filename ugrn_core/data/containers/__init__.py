"""Files of cells that are no HDF5: matrix.mtx with its names, tables, archives; written as HDF5 and read as that."""
