"""Generators that read the deployed functions: the typed client, the reference, OpenAPI, the Postman collection."""
