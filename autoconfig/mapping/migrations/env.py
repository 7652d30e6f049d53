"""Run the migrations on the connection that `mapping.store_database` passes in."""

from alembic import context

from autoconfig.mapping.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
