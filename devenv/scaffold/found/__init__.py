"""What a folder holds that can be taken as it is: Dockerfiles, migrations, charts, files of other tools."""
