// Left out of the function: /docs loads swagger-ui-bundle.js, and nothing but a build of somebody else would load this.
