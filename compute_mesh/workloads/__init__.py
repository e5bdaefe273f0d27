"""What a job of an approved type does, as pure batch functions over Arrow tables: plain data in, plain data out."""
