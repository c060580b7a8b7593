"""What is generated of the deployed functions: the typed client, the reference, OpenAPI, the Postman collection."""
